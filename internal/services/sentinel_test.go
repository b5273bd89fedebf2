package services

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestAReplicaTakesTheMastersPlace(t *testing.T) {
	s := RedisSentinel(t)
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: s.MasterName, SentinelAddrs: s.Addrs, Protocol: 2})
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), startPatience)
	defer cancel()
	if err := client.Set(ctx, "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if replicas, err := client.Wait(ctx, 1, startPatience).Result(); err != nil || replicas != 1 {
		t.Fatalf("%d replicas have the key, %v", replicas, err)
	}
	before, err := masterOf(s.Addrs[0])
	if err != nil {
		t.Fatal(err)
	}
	s.Failover(t)
	after, err := masterOf(s.Addrs[0])
	if err != nil || after == before {
		t.Fatalf("the master is %s, %v; it was %s", after, err, before)
	}
	for _, sentinel := range s.Addrs[1:] {
		if other, err := masterOf(sentinel); err != nil || other != after {
			t.Errorf("a Sentinel names %s, %v; another %s", other, err, after)
		}
	}
	if value, err := askRedis("redis://"+after, "SET", "key", "new", "GET").Text(); err != nil || value != "value" {
		t.Errorf("the new master had %q, %v", value, err)
	}
	if err := redisAnswers("redis://" + before); err == nil {
		t.Error("the old master goes on")
	}
}

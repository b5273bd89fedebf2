package services

import (
	"context"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestAClusterHasAPlaceForEveryKey(t *testing.T) {
	addrs := RedisCluster(t)
	for _, addr := range addrs {
		// Each node by itself must know the others: a client may ask any.
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}, Protocol: 2})
		defer client.Close()
		ctx, cancel := context.WithTimeout(t.Context(), startPatience)
		defer cancel()
		for i := range 100 {
			if err := client.Set(ctx, fmt.Sprintf("key-%d", i), i, 0).Err(); err != nil {
				t.Fatalf("through %s: %v", addr, err)
			}
		}
	}
	for _, addr := range addrs {
		if keys, err := askRedis("redis://"+addr, "DBSIZE").Int64(); err != nil || keys == 0 || keys == 100 {
			t.Errorf("%s has %d of 100 keys, %v; want a share", addr, keys, err)
		}
	}
}

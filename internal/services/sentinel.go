package services

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	sentinelCount = 3
	// masterName is what the Sentinels call the master they watch.
	masterName = "payments"
)

// sentinelSettings wait as little as a busy machine bears: a master that was
// merely slow must not lose its place.
const sentinelSettings = `bind 127.0.0.1
protected-mode no
port %d
dir %s
sentinel monitor ` + masterName + ` 127.0.0.1 %s 2
sentinel down-after-milliseconds ` + masterName + ` 3000
sentinel failover-timeout ` + masterName + ` 6000
`

// Sentinel is a master with a replica, and three Sentinels who watch them, of
// whom two must agree.
type Sentinel struct {
	MasterName string
	// Addrs are those of the Sentinels.
	Addrs []string

	instances []*RedisInstance
}

// RedisSentinel returns when the Sentinels know one another and the replica,
// and ends them all with the test. It needs the machine's own redis-server.
func RedisSentinel(t testing.TB) *Sentinel {
	t.Helper()
	// By itself a master waits for more replicas before it serves the first.
	master := RedisServer(t, "--repl-diskless-sync-delay", "0")
	replica := RedisServer(t, "--replicaof", "127.0.0.1", master.port)
	if err := until(func() error { return follows(replica) }); err != nil {
		t.Fatal(err)
	}
	s := &Sentinel{MasterName: masterName, instances: []*RedisInstance{master, replica}}
	for range sentinelCount {
		s.Addrs = append(s.Addrs, startSentinel(t, master.port))
	}
	for _, sentinel := range s.Addrs {
		if err := until(func() error { return canFailOver(sentinel) }); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Failover crashes the master, and returns when the replica is master and all
// Sentinels say so. There is no replica for a second one.
func (s *Sentinel) Failover(t testing.TB) {
	t.Helper()
	old, err := masterOf(s.Addrs[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.instances {
		if r.Addr == old {
			r.Crash()
		}
	}
	for _, sentinel := range s.Addrs {
		if err := until(func() error { return hasFailedOver(sentinel, old) }); err != nil {
			t.Fatal(err)
		}
	}
}

// startSentinel starts one with a file of its own, in which it keeps what it
// learns.
func startSentinel(t testing.TB, masterPort string) string {
	t.Helper()
	program, err := redisProgram()
	if err != nil {
		missing(t, err)
	}
	// The folder is removed after the process has ended.
	folder := t.TempDir()
	file := filepath.Join(folder, "sentinel.conf")
	var sentinel *process
	var addr string
	err = onFreePort(func(port int) (err error) {
		settings := fmt.Sprintf(sentinelSettings, port, folder, masterPort)
		if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
			return err
		}
		addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		sentinel, err = launchRedis(program, []string{file, "--sentinel"}, "+monitor master")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sentinel.end)
	return addr
}

// follows is nil when a replica has its master's data and hears what is new.
func follows(replica *RedisInstance) error {
	role, err := askRedis(replica.URL, "ROLE").Slice()
	if err != nil {
		return err
	}
	if len(role) < 4 || role[0] != "slave" || role[3] != "connected" {
		return fmt.Errorf("the replica does not follow its master: %v", role)
	}
	return nil
}

// canFailOver is nil when a Sentinel knows all others, and a replica to promote.
func canFailOver(sentinel string) error {
	quorum, err := askRedis("redis://"+sentinel, "SENTINEL", "CKQUORUM", masterName).Text()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(quorum, fmt.Sprintf("OK %d usable", sentinelCount)) {
		return errors.New("a Sentinel does not know the others: " + quorum)
	}
	replicas, err := askRedis("redis://"+sentinel, "SENTINEL", "REPLICAS", masterName).Slice()
	if err != nil {
		return err
	}
	if len(replicas) != 1 || field(replicas[0], "flags") != "slave" || field(replicas[0], "master-link-status") != "ok" {
		return fmt.Errorf("a Sentinel does not know the replica: %v", replicas)
	}
	return nil
}

// field is the value of a name in a reply that alternates names and values.
func field(reply any, name string) any {
	pairs, _ := reply.([]any)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			return pairs[i+1]
		}
	}
	return nil
}

// hasFailedOver is nil when a Sentinel names another master, who is one.
func hasFailedOver(sentinel, old string) error {
	master, err := masterOf(sentinel)
	if err != nil {
		return err
	}
	if master == old {
		return errors.New("the Sentinels do not replace the master")
	}
	role, err := askRedis("redis://"+master, "ROLE").Slice()
	if err != nil {
		return err
	}
	if len(role) == 0 || role[0] != "master" {
		return fmt.Errorf("the new master is none yet: %v", role)
	}
	return nil
}

func masterOf(sentinel string) (string, error) {
	master, err := askRedis("redis://"+sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName).StringSlice()
	if err != nil {
		return "", err
	}
	if len(master) != 2 {
		return "", fmt.Errorf("a Sentinel names no master: %v", master)
	}
	return net.JoinHostPort(master[0], master[1]), nil
}

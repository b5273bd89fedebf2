package services

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

const (
	clusterNodes = 3
	clusterSlots = 16384
)

// clusterNode is a server with the second port on which nodes talk to one
// another.
type clusterNode struct {
	*RedisInstance
	bus string
}

// RedisCluster is the addresses of three masters who share all slots. It
// returns when each of them takes commands, and ends them with the test. It
// needs the machine's own redis-server, of version 7.
func RedisCluster(t testing.TB) []string {
	t.Helper()
	var nodes []clusterNode
	var addrs []string
	for range clusterNodes {
		node := startNode(t)
		nodes, addrs = append(nodes, node), append(addrs, node.Addr)
	}
	for i, node := range nodes {
		if err := join(i, node, nodes[0]); err != nil {
			t.Fatal(err)
		}
	}
	for _, node := range nodes {
		if err := until(func() error { return takesCommands(node) }); err != nil {
			t.Fatal(err)
		}
	}
	return addrs
}

// startNode chooses the second port as well: by itself a server takes one
// 10000 above the first, which may be taken or not exist.
func startNode(t testing.TB) clusterNode {
	t.Helper()
	var bus string
	r := ownRedis(t, func() (r *RedisInstance, err error) {
		err = onFreePort(func(port int) error {
			bus = strconv.Itoa(port)
			r, err = newRedis([]string{
				"--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-announce-ip", "127.0.0.1",
			})
			return err
		})
		return r, err
	})
	return clusterNode{r, bus}
}

// join gives a node its share of the slots and presents it to the first. An
// epoch of its own spares the nodes to agree on one.
func join(i int, node, first clusterNode) error {
	from, below := i*clusterSlots/clusterNodes, (i+1)*clusterSlots/clusterNodes
	orders := [][]any{
		{"CLUSTER", "ADDSLOTSRANGE", from, below - 1},
		{"CLUSTER", "SET-CONFIG-EPOCH", i + 1},
	}
	if node != first {
		orders = append(orders, []any{"CLUSTER", "MEET", "127.0.0.1", first.port, first.bus})
	}
	for _, order := range orders {
		if err := askRedis(node.URL, order...).Err(); err != nil {
			return fmt.Errorf("CLUSTER %s: %w", order[1], err)
		}
	}
	return nil
}

// takesCommands is nil when a node knows who has which slot.
func takesCommands(node clusterNode) error {
	info, err := askRedis(node.URL, "CLUSTER", "INFO").Text()
	if err != nil {
		return err
	}
	for _, want := range []string{
		"cluster_state:ok\r\n",
		fmt.Sprintf("cluster_slots_ok:%d\r\n", clusterSlots),
		fmt.Sprintf("cluster_known_nodes:%d\r\n", clusterNodes),
	} {
		if !strings.Contains(info, want) {
			return fmt.Errorf("a node of the cluster is not ready:\n%s", info)
		}
	}
	return nil
}

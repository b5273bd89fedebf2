package redis

import (
	"context"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"paytrace-gateway/gateway"
)

// takeScript is bucket.take, by the clock of Redis, so that gateways whose
// clocks differ share a quota. The state is "used at"; see bucket.
var takeScript = newScript(`
local requests, per = tonumber(ARGV[1]), tonumber(ARGV[2])
local whole = requests * per
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local used = 0
local state = redis.call('GET', KEYS[1])
if state then
	local before, at = string.match(state, '^(%d+) (%d+)$')
	if not before then return false end
	local elapsed = math.max(0, now - tonumber(at))
	used = math.min(whole, math.max(0, tonumber(before) - elapsed * requests))
end
local allowed = 0
if used + per <= whole then
	allowed = 1
	used = used + per
	redis.call('SET', KEYS[1], string.format('%.0f %.0f', used, now), 'PX', string.format('%.0f', math.ceil(used / requests / 1000)))
end
return {
	allowed,
	math.floor((whole - used) / per),
	math.ceil(math.max(0, used + per - whole) / requests),
	math.ceil(used / requests),
}`)

// Take is one round trip.
func (c *Client) Take(ctx context.Context, name string, q gateway.Quota) (gateway.Allowance, error) {
	if err := checkQuota(q); err != nil {
		return gateway.Allowance{}, err
	}
	requests, per := q.Requests, q.Per.Microseconds()
	// The quota is part of the key, for the state means nothing to another one.
	key := c.name("quota", name, strconv.Itoa(requests), strconv.FormatInt(per, 10))
	var allowance gateway.Allowance
	err := c.do(ctx, func(ctx context.Context) error {
		answer, err := c.run(ctx, takeScript, key, requests, per).Result()
		if err == goredis.Nil {
			return unreadable("a quota")
		}
		if err != nil {
			return err
		}
		allowance, err = readAllowance(answer)
		return err
	})
	return allowance, err
}

func readAllowance(answer any) (gateway.Allowance, error) {
	list, _ := answer.([]any)
	if len(list) != 4 {
		return gateway.Allowance{}, unreadable("the answer about a quota")
	}
	var figures [4]int64
	for i, item := range list {
		figure, is := item.(int64)
		if !is || figure < 0 {
			return gateway.Allowance{}, unreadable("the answer about a quota")
		}
		figures[i] = figure
	}
	return gateway.Allowance{
		Allowed:    figures[0] == 1,
		Remaining:  int(figures[1]),
		RetryAfter: time.Duration(figures[2]) * time.Microsecond,
		Reset:      time.Duration(figures[3]) * time.Microsecond,
	}, nil
}

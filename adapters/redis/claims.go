package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"paytrace-gateway/gateway"
)

// A value says by its beginning whether it is an owner or an answer.
const (
	ownerMark  = "owner:"
	answerMark = "answer:"
)

const (
	// shortest is the resolution of Redis's expiry.
	shortest = time.Millisecond
	// maxAnswer bounds what one key can hold.
	maxAnswer = 256 << 10
)

var (
	// claimScript is SET with NX and GET for servers older than 7.
	claimScript = newScript(`
local held = redis.call('GET', KEYS[1])
if not held then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return held`)

	// releaseScript compares and deletes in one step: in between, the claim
	// could expire and become another's.
	releaseScript = newScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)
)

// Claim is one round trip. The owner is the value, so that the claim whose reply
// was lost is won again by asking again.
func (c *Client) Claim(ctx context.Context, key gateway.ClaimKey, owner string, ttl time.Duration) (gateway.Claim, error) {
	if err := checkClaim(owner, ttl); err != nil {
		return gateway.Claim{}, err
	}
	var claim gateway.Claim
	err := c.do(ctx, func(ctx context.Context) error {
		held, err := c.hold(ctx, c.claimName(key), ownerMark+owner, ttl).Result()
		switch {
		case errors.Is(err, goredis.Nil):
			claim.Won = true
			return nil
		case err != nil:
			return err
		}
		claim, err = readClaim(held, owner)
		return err
	})
	return claim, err
}

// hold sets the value if there is none, and returns the one there was;
// goredis.Nil says that there was none.
func (c *Client) hold(ctx context.Context, name, value string, ttl time.Duration) *goredis.Cmd {
	if !c.scripted.Load() {
		cmd := c.ask(ctx, "set", name, value, "px", ttl.Milliseconds(), "nx", "get")
		if !goredis.HasErrorPrefix(cmd.Err(), "syntax error") {
			return cmd
		}
		c.scripted.Store(true)
	}
	return c.run(ctx, claimScript, name, value, ttl.Milliseconds())
}

// readClaim takes nothing for a win that Claim has not written.
func readClaim(value any, owner string) (gateway.Claim, error) {
	held, _ := value.(string)
	if answer, is := strings.CutPrefix(held, answerMark); is && answer != "" {
		return gateway.Claim{Answer: []byte(answer)}, nil
	}
	if holder, is := strings.CutPrefix(held, ownerMark); is {
		return gateway.Claim{Won: holder == owner}, nil
	}
	return gateway.Claim{}, unreadable("a claim")
}

// Finish is one round trip, too.
func (c *Client) Finish(ctx context.Context, key gateway.ClaimKey, owner string, answer []byte, keep time.Duration) error {
	if err := checkFinish(answer, keep); err != nil {
		return err
	}
	name := c.claimName(key)
	return c.do(ctx, func(ctx context.Context) error {
		if len(answer) == 0 {
			return c.run(ctx, releaseScript, name, ownerMark+owner).Err()
		}
		return c.ask(ctx, "set", name, answerMark+string(answer), "px", keep.Milliseconds()).Err()
	})
}

func (c *Client) claimName(key gateway.ClaimKey) string {
	return c.name("claim", key.MerchantID, key.Key)
}

func checkClaim(owner string, ttl time.Duration) error {
	if owner == "" || ttl < shortest {
		return fmt.Errorf("a claim needs an owner and a time of at least %v", shortest)
	}
	return nil
}

func checkFinish(answer []byte, keep time.Duration) error {
	if len(answer) > 0 && keep < shortest {
		return fmt.Errorf("an answer has to be kept for at least %v", shortest)
	}
	if len(answer) > maxAnswer {
		return fmt.Errorf("an answer of %d bytes is too long to be kept, the longest has %d", len(answer), maxAnswer)
	}
	return nil
}

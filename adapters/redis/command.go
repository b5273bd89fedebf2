package redis

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"slices"

	goredis "github.com/redis/go-redis/v9"
)

// once is a command that is never sent again. Without it the client of a
// Cluster would repeat one whose connection broke, though it may have been done.
// It still follows a slot that has moved.
type once struct{ *goredis.Cmd }

// NoRetry is asked by go-redis.
func (once) NoRetry() bool { return true }

// ask sends a command, once: together with those of others, but for a Cluster,
// where one node that hangs would hold up what the others have answered.
func (c *Client) ask(ctx context.Context, words ...any) *goredis.Cmd {
	cmd := goredis.NewCmd(ctx, words...)
	if c.batches != nil {
		return c.batches.ask(ctx, cmd)
	}
	_ = c.server.Process(ctx, once{cmd}) // The command holds the error.
	return cmd
}

// script is a program for Redis, which knows it by its hash once it has run.
type script struct{ source, hash string }

func newScript(source string) script {
	sum := sha1.Sum([]byte(source))
	return script{source, hex.EncodeToString(sum[:])}
}

// run runs a script on one key. A server that does not know it, such as one that
// was restarted, is sent the whole.
func (c *Client) run(ctx context.Context, s script, key string, args ...any) *goredis.Cmd {
	about := append([]any{1, key}, args...)
	cmd := c.ask(ctx, slices.Concat([]any{"evalsha", s.hash}, about)...)
	if goredis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
		cmd = c.ask(ctx, slices.Concat([]any{"eval", s.source}, about)...)
	}
	return cmd
}

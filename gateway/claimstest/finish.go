package claimstest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var finishSpecs = []spec{
	{"Finish/without an answer the key is free", finishFrees},
	{"Finish/without an answer another owner's claim stays", finishFreesOwnOnly},
	{"Finish/without an answer a kept answer stays", finishKeepsAnswer},
	{"Finish/of a key that nobody has is no error", finishOfNothing},
	{"Finish/an answer is given to everybody", answerForAll},
	{"Finish/an empty answer is none", emptyAnswer},
	{"Finish/an answer keeps every byte", binaryAnswer},
	{"Finish/an answer that looks like a claim stays an answer", answerLikeClaim},
	{"Finish/an answer is kept, whoever has the key by now", lateAnswer},
	{"Finish/a later answer replaces the one before", replacedAnswer},
	{"Finish/an answer is forgotten after its time", answerExpires},
	{"Finish/an answer outlives the claim", answerOutlivesClaim},
	{"Finish/an answer is not the caller's memory", answerIsCopied},
	{"Finish/an answer that is kept for no time is refused", keptForNothing},
	{"Finish/a context that has ended is an error and finishes nothing", endedFinish},
}

func finishFrees(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	wantWon(t, c, key, "one")
	finish(t, c, key, "one", nil)
	wantWon(t, c, key, "two")
}

func finishFreesOwnOnly(t *testing.T, c gateway.Claims, advance func(time.Duration)) {
	wantWon(t, c, key, "one")
	advance(ttl)
	wantWon(t, c, key, "two")
	finish(t, c, key, "one", nil)
	wantBusy(t, c, key, "three")
	wantWon(t, c, key, "two")
}

func finishKeepsAnswer(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	wantWon(t, c, key, "one")
	finish(t, c, key, "one", []byte("answer"))
	finish(t, c, key, "one", nil)
	wantAnswer(t, c, key, "two", []byte("answer"))
}

func finishOfNothing(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	finish(t, c, key, "one", nil)
	wantWon(t, c, key, "two")
}

func answerForAll(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	wantWon(t, c, key, "one")
	finish(t, c, key, "one", []byte("answer"))
	for _, owner := range []string{"one", "two", "three", "one"} {
		wantAnswer(t, c, key, owner, []byte("answer"))
	}
}

func emptyAnswer(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	wantWon(t, c, key, "one")
	finish(t, c, key, "one", []byte{})
	wantWon(t, c, key, "two")
}

func binaryAnswer(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	answer := []byte("\r\n$-1\r\n\x00 end\xff")
	for b := range 256 {
		answer = append(answer, byte(b))
	}
	answer = append(answer, bytes.Repeat([]byte{0}, 40_000)...)
	wantWon(t, c, key, "one")
	finish(t, c, key, "one", answer)
	wantAnswer(t, c, key, "two", answer)
}

func answerLikeClaim(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	for _, answer := range []string{"two", "owner:two", "o:two", "answer:x", "OK", "0"} {
		finish(t, c, key, "one", []byte(answer))
		wantAnswer(t, c, key, "two", []byte(answer))
	}
}

func lateAnswer(t *testing.T, c gateway.Claims, advance func(time.Duration)) {
	wantWon(t, c, key, "one")
	advance(ttl)
	wantWon(t, c, key, "two")
	finish(t, c, key, "one", []byte("late"))
	wantAnswer(t, c, key, "two", []byte("late"))
}

func replacedAnswer(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	finish(t, c, key, "one", []byte("first"))
	finish(t, c, key, "two", []byte("second"))
	wantAnswer(t, c, key, "three", []byte("second"))
}

func answerExpires(t *testing.T, c gateway.Claims, advance func(time.Duration)) {
	wantWon(t, c, key, "one")
	finish(t, c, key, "one", []byte("answer"))
	advance(keep)
	wantWon(t, c, key, "two")
}

func answerOutlivesClaim(t *testing.T, c gateway.Claims, advance func(time.Duration)) {
	wantWon(t, c, key, "one")
	finish(t, c, key, "one", []byte("answer"))
	advance(keep / 2)
	wantAnswer(t, c, key, "two", []byte("answer"))
}

func answerIsCopied(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	answer := []byte("answer")
	finish(t, c, key, "one", answer)
	answer[0] = 'X'
	claim(t, c, key, "two").Answer[1] = 'Y'
	wantAnswer(t, c, key, "two", []byte("answer"))
}

func keptForNothing(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	wantWon(t, c, key, "one")
	for _, keep := range []time.Duration{0, -time.Hour} {
		if err := c.Finish(t.Context(), key, "one", []byte("answer"), keep); err == nil {
			t.Errorf("an answer was kept for %v", keep)
		}
	}
	wantWon(t, c, key, "one")
}

func endedFinish(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	wantWon(t, c, key, "one")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Finish(ctx, key, "one", nil, 0); err == nil {
		t.Fatal("no error")
	}
	wantBusy(t, c, key, "two")
}

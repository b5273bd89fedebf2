package main

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"strconv"
	"time"
)

// batch is some payments' rows, by table.
type batch struct {
	payments int
	rows     [][][]any
}

const (
	// batchSize bounds the payments that are handed on at once.
	batchSize = 256
	// spacing is the time from one payment to the next: five million are two
	// years.
	spacing = 12600 * time.Millisecond
	// openFor is the age at which no payment has work left.
	openFor = 20 * time.Hour
	// firstShare is the part of all payments that the first merchant has.
	firstShare = 0.5
)

// copies makes the payments, oldest first, until ctx ends.
func copies(ctx context.Context, o options, templates []template) <-chan batch {
	out := make(chan batch, 4)
	go func() {
		defer close(out)
		random := mathrand.New(mathrand.NewPCG(o.seed, 0))
		ended, open := weighted(templates, false), weighted(templates, true)
		now := time.Now().UTC().Truncate(time.Microsecond)
		at := now.Add(-time.Duration(o.payments) * spacing)
		orders := make([]int, o.merchants)
		next := newBatch()
		for n := range o.payments {
			at = at.Add(time.Duration(random.Int64N(int64(2 * spacing)))).Truncate(time.Microsecond)
			if at.After(now) {
				at = now.Add(-time.Duration(o.payments-n) * time.Microsecond)
			}
			among := ended
			if now.Sub(at) < openFor {
				among = open
			}
			m := merchantOf(random, o.merchants)
			orders[m]++
			t := among[random.IntN(len(among))]
			t.put(clone{
				number: n, at: at, merchant: merchantName(m), order: strconv.Itoa(100_000_000 + orders[m]), uuids: random.IntN(2) == 0,
			}, next.add)
			if next.payments++; next.payments < batchSize && n+1 < o.payments {
				continue
			}
			select {
			case out <- next:
			case <-ctx.Done():
				return
			}
			next = newBatch()
		}
	}()
	return out
}

func newBatch() batch { return batch{rows: make([][][]any, len(tables))} }

func (b *batch) add(table int, values []any) { b.rows[table] = append(b.rows[table], values) }

// weighted has each template as often as its kind weighs.
func weighted(templates []template, open bool) []*template {
	var among []*template
	for i := range templates {
		if t := &templates[i]; t.kind.open == open {
			for range t.kind.weight {
				among = append(among, t)
			}
		}
	}
	return among
}

func merchantOf(random *mathrand.Rand, merchants int) int {
	if merchants == 1 || random.Float64() < firstShare {
		return 0
	}
	return 1 + random.IntN(merchants-1)
}

// merchantName is "main" for the first.
func merchantName(m int) string {
	if m == 0 {
		return "main"
	}
	return fmt.Sprintf("merchant-%03d", m)
}

func randomUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

package load

import (
	"slices"
	"testing"
	"time"
)

func TestRequestsAreDueEvenlyStageAfterStage(t *testing.T) {
	a := arrivals{{PerSecond: 2, For: time.Second}, {PerSecond: 4, For: 500 * time.Millisecond}, {PerSecond: 3, For: time.Second}}
	var due []time.Duration
	for n := 0; ; n++ {
		at, more := a.due(n)
		if !more {
			break
		}
		due = append(due, at.Truncate(time.Millisecond))
	}
	want := []time.Duration{0, 500, 1000, 1250, 1500, 1833, 2166}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if !slices.Equal(due, want) {
		t.Errorf("due at %v, want %v", due, want)
	}
	if a.count() != len(want) || a.lasting() != 2500*time.Millisecond {
		t.Errorf("%d requests in %s", a.count(), a.lasting())
	}
}

func TestTheLongestAndFastestStageDoesNotOverflow(t *testing.T) {
	a := arrivals{{PerSecond: fastest, For: longest}}
	last := a.count() - 1
	at, more := a.due(last)
	if _, further := a.due(last + 1); !more || further || at != longest-time.Second/fastest {
		t.Errorf("the last is due at %s, %t, another one %t", at, more, further)
	}
}

func TestARampIsReadAndWritten(t *testing.T) {
	const text = "100:10s,500:1m30s,1:500ms"
	stages, err := ParseRamp(text)
	if err != nil || len(stages) != 3 || stages[1] != (Stage{500, 90 * time.Second}) || arrivals(stages).String() != text {
		t.Errorf("%v, %v", stages, err)
	}
	for _, wrong := range []string{"", "100", "100:", ":10s", "100:10", "0:10s", "-1:10s", "100:0s", "100:-1s", "100001:1s", "1:25h", "100:10s,", "1.5:10s"} {
		if stages, err := ParseRamp(wrong); err == nil {
			t.Errorf("%q is %v", wrong, stages)
		}
	}
}

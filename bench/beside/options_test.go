package main

import (
	"io"
	"slices"
	"testing"
	"time"
)

func parsed(t *testing.T, args ...string) options {
	t.Helper()
	o, err := parseOptions(args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAWholeRunFitsIntoTwentyMinutes(t *testing.T) {
	if total := parsed(t).total(); total > 20*time.Minute {
		t.Errorf("a run is to take %s", total)
	}
	if total := parsed(t, "-quick").total(); total > 75*time.Second {
		t.Errorf("a quick run is to take %s", total)
	}
}

func TestDurabilityIsPartOfEveryRun(t *testing.T) {
	var names []string
	for _, p := range parsed(t, "-only", "replay").chosen() {
		names = append(names, p.name)
	}
	if len(names) != 2 || names[0] != "durability" || names[1] != "replay" {
		t.Errorf("-only replay runs %v", names)
	}
	if all := parsed(t).chosen(); len(all) != len(parts) {
		t.Errorf("a whole run has %d of %d parts", len(all), len(parts))
	}
}

func TestTwoProgramsAreComparedWithoutTheProxies(t *testing.T) {
	if ways := parsed(t, "-before", "gateway").ways(); len(ways) != 5 || slices.Contains(ways, throughCaddy) || !slices.Contains(ways, beforeOnSQLite) {
		t.Errorf("they are compared by %v", ways)
	}
	if ways := parsed(t).ways(); !slices.Contains(ways, throughCaddy) || slices.Contains(ways, beforeOnSQLite) {
		t.Errorf("a run without another program goes by %v", ways)
	}
}

func TestABudgetMayBeOfARate(t *testing.T) {
	if load := parsed(t, "-budget-rate", "970").budgetLoad(); !slices.Equal(load, []string{"--rate", "970"}) {
		t.Errorf("its load is %q", load)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-seconds", "-1"}, {"-only", "everything"}, {"more"}, {"-warmup", "-1"}, {"-budget-rate", "-1"}} {
		if o, err := parseOptions(args, io.Discard); err == nil {
			t.Errorf("%v was taken: %+v", args, o)
		}
	}
}

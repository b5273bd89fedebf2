package main

import "testing"

const statLine = "4711 (nginx: (worker) x) S 4700 4700 4700 0 -1 4194624 1 2 3 4 150 50 7 3 20 0 1 0 88 9 10 11\n"

func TestAProcessIsReadWhateverItsName(t *testing.T) {
	s, err := parseStat(statLine)
	if err != nil {
		t.Fatal(err)
	}
	if want := (stat{pid: 4711, parent: 4700, ticks: 210}); s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
}

func TestALineThatIsNoProcessIsRefused(t *testing.T) {
	for _, text := range []string{"", "4711 nginx S 1", "4711 (nginx) S 1 2 3", "x (nginx) S 4700 4700 4700 0 -1 4194624 1 2 3 4 150 50 7 3 20"} {
		if s, err := parseStat(text); err == nil {
			t.Errorf("%q was read as %+v", text, s)
		}
	}
}

func TestAFamilyIsAllBelowOne(t *testing.T) {
	all := []stat{{9, 1, 0}, {31, 30, 3}, {20, 10, 2}, {10, 1, 1}, {30, 20, 4}, {40, 9, 0}}
	tree, err := below(10, all)
	if err != nil {
		t.Fatal(err)
	}
	ticks := 0
	for _, member := range tree {
		ticks += member.ticks
	}
	if len(tree) != 4 || ticks != 10 {
		t.Errorf("the family of 10 is %v", tree)
	}
	if _, err := below(77, all); err == nil {
		t.Error("a process that is not there has a family")
	}
}

func TestMemoryIsReadInBytes(t *testing.T) {
	u, err := parseStatus("Name:\tgateway\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\nThreads:\t9\n")
	if err != nil || u.resident != 1<<20 || u.peak != 2<<20 {
		t.Errorf("%+v, %v", u, err)
	}
	if u, err := parseStatus("Name:\tgone\nState:\tZ (zombie)\n"); err != nil || u != (usage{}) {
		t.Errorf("a process that has ended has %+v, %v", u, err)
	}
	if _, err := parseStatus("VmRSS:\tmuch kB\n"); err == nil {
		t.Error("memory that is no number was read")
	}
}

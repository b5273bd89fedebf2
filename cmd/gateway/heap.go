package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// heapFloor is what the heap may grow to before it is collected, however little of
// it is in use. A gateway at work uses some 20 MiB, which Go would collect for each
// 20 MiB that are allocated: a tenth of a payment's CPU went into that.
const heapFloor = 64 << 20

// usualPercent is a quarter of Go's own, for a heap above its floor: it is collected
// when it has grown by a quarter of what is in use. So much is in use where many
// payments wait for PayTrace, which leaves the processors idle and the memory
// short: docs/adr/0040 has what it saves, and what it costs.
const usualPercent = 25

// keepHeapFloor leaves the heap alone below its floor, unless the operator has
// said with GOGC or GOMEMLIMIT how it is to be.
func keepHeapFloor() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	setPercent(usualPercent)
	afterEachCollection(func() { setPercent(percentFor(inUse())) })
}

var percentSet = 0

// setPercent spares the runtime what changes little: each change stops the world.
func setPercent(percent int) {
	if diff := percent - percentSet; diff*10 > percentSet || -diff*10 > percentSet {
		percentSet = percent
		debug.SetGCPercent(percent)
	}
}

// percentFor is by how much the heap has to grow to reach the floor. Go counts
// stacks as in use.
func percentFor(heap, stacks uint64) int {
	if heap+stacks == 0 || heap >= heapFloor {
		return usualPercent
	}
	return max(usualPercent, int((heapFloor-heap)*100/(heap+stacks)))
}

func inUse() (heap, stacks uint64) {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}

// afterEachCollection calls do soon after each collection: a finalizer runs when
// its object was found unused, and makes the next such object.
func afterEachCollection(do func()) {
	type sentinel struct{ _ [16]byte }
	var again func(*sentinel)
	again = func(*sentinel) {
		do()
		runtime.SetFinalizer(&sentinel{}, again)
	}
	runtime.SetFinalizer(&sentinel{}, again)
}

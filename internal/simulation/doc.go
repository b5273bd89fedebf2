// Package simulation lives through days of several gateways in a second: real
// gateways on one real ledger, a real client for PayTrace and the simulator
// behind it, callers that speak HTTP, all in one process under a virtual clock,
// with faults that a seed decides.
//
// A run has two phases. In the first everything that can go wrong does: crashes
// at every step of the road, lost replies, lying claims, clerks, impatient
// callers. In the second nothing does, for longer than a day, so that the
// reconciler can decide whatever is still unknown. Then package history reads
// what every party saw, and says whether a promise was broken.
//
// The seed decides every step of every caller and every fault, by the name of
// what is struck and not by who came first. What two goroutines do in the same
// instant of the virtual clock may still come in either order, so that nearly
// every seed replays to the letter, and not all.
//
// Run belongs in a testing/synctest bubble, and Prepare outside of every one.
package simulation

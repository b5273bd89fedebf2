//go:build bench && unix

package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

// A gateway that is built for measuring (-tags bench) writes where its processor
// time goes: from one SIGUSR1 to the next, into the file that the variable names.
// What is delivered has none of this.
const profileEnv = "BENCH_CPU_PROFILE"

func init() {
	path := os.Getenv(profileEnv)
	if path == "" {
		return
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			if err := profileUntil(signals, path); err != nil {
				fmt.Fprintln(os.Stderr, "profile:", err)
			}
		}
	}()
}

// profileUntil writes beside the file and renames, so that whoever waits for the
// file finds it whole.
func profileUntil(signals <-chan os.Signal, path string) error {
	file, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		file.Close()
		return err
	}
	<-signals
	pprof.StopCPUProfile()
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

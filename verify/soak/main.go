package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/allocarrays/allocarrays-go/locked"
)

func main() {
	duration := flag.Duration("duration", time.Minute, "how long to run")
	mixedSizes := flag.Bool("mixed", false, "regions of 8 B to 64 MB, within limits")
	workers := flag.Int("workers", 8, "requests at the same time")
	flag.Parse()
	if *duration <= 0 || *workers <= 0 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: soak [-mixed] [-duration D] [-workers N], both positive")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()
	var l workload = newLoad()
	if *mixedSizes {
		l = newMixed()
	}
	if err := soak(ctx, l, *duration, *workers); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// A workload is what the workers do.
type workload interface {
	work(ctx context.Context, seed uint64) error // until ctx ends, or a check fails
	buffer() *locked.Buffer                      // that they share
	settled() error                              // when all have ended; nil if nothing is left
	String() string
}

// soak runs the load until ctx ends, samples what it uses, and judges.
func soak(ctx context.Context, l workload, duration time.Duration, workers int) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, workers)
	for i := range workers {
		go func() {
			err := l.work(ctx, uint64(i))
			if err != nil {
				stop()
			}
			done <- err
		}()
	}
	samples := watch(ctx, max(duration/60, 100*time.Millisecond), l)
	for range workers {
		if err := <-done; err != nil {
			return err
		}
	}
	err := l.settled()
	fmt.Println(l)
	if err != nil {
		return err
	}
	return judge(samples)
}

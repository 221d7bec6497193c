package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	duration := flag.Duration("duration", time.Minute, "how long to run")
	workers := flag.Int("workers", 8, "requests at the same time")
	flag.Parse()
	if *duration <= 0 || *workers <= 0 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: soak [-duration D] [-workers N], both positive")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()
	if err := soak(ctx, *duration, *workers); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// soak runs the load until ctx ends, samples what it uses, and judges.
func soak(ctx context.Context, duration time.Duration, workers int) error {
	l := newLoad()
	done := make(chan error, workers)
	for i := range workers {
		go func() { done <- l.work(ctx, uint64(i)) }()
	}
	samples := watch(ctx, max(duration/60, 100*time.Millisecond), l)
	for range workers {
		if err := <-done; err != nil {
			return err
		}
	}
	l.strays.Wait()
	fmt.Println(l)
	return judge(samples)
}

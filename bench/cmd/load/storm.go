package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// runStorm runs a storm in one mode and reports what came of it.
func (o options) runStorm(ctx context.Context, out io.Writer, mode string) error {
	if _, ok := floors[mode]; !ok {
		return fmt.Errorf("no such storm: %q", mode)
	}
	server, err := start(ctx, "storm "+mode, "GOMEMLIMIT=1GiB", "GOGC=100")
	if err != nil {
		return err
	}
	var before, peak, after state
	newWorker := func(number int, t *tally) worker { return newClient(server.addr, number, t) }
	if strings.HasPrefix(mode, "grpc-") {
		newWorker = func(number int, t *tally) worker { return newRPCClient(server.addr, number, t) }
	}
	o.warm(newWorker)
	if err := server.ask("free", &before); err != nil {
		return err
	}
	fmt.Fprintf(out, "storm %s: %d and then %d clients\n", mode, o.clients, 2*o.clients)
	t := new(tally)
	begin := time.Now()
	for phase, clients := range []int{o.clients, 2 * o.clients} {
		o.drive(ctx, newWorker, phase*100_000, clients, t, begin.Add(o.duration/2*time.Duration(phase+1)), int64(o.requests)/2*int64(phase+1))
	}
	took := time.Since(begin)
	if err := server.ask("state", &peak); err != nil {
		return err
	}
	settled := time.Now()
	after, errBack := o.awaitCalm(ctx, server, mode, before)
	fmt.Fprintf(out, "  %d answers in %v (%.0f/s), %.1f GB checked: %d bytes of other requests\n",
		t.answers.Load(), took.Round(time.Second), float64(t.answers.Load())/took.Seconds(), float64(8*t.words.Load())/1e9, t.foreign.Load())
	fmt.Fprintf(out, "  200: %d; 413: %d for memory, %d for bodies; 503: %d for memory, %d timed out; %d cancelled, %d panics; %d refusals without proof\n",
		t.ok.Load(), t.own.Load(), t.bodies.Load(), t.process.Load(), t.timedOut.Load(), t.cancelled.Load(), t.panicked.Load(), t.unproven.Load())
	fmt.Fprintf(out, "  server: RSS %s → %s → %s, buffer %s → %s → %s (highest %s), goroutines %d → %d; calm after %v\n",
		mib(before.Resident), mib(peak.Resident), mib(after.Resident), mib(capacity(before)), mib(capacity(peak)), mib(capacity(after)),
		mib(after.Stats.Buffer[0].HighWater), before.Goroutines, after.Goroutines, time.Since(settled).Round(time.Second))
	s := after.Stats
	fmt.Fprintf(out, "  scopes: done %d, overran %d, refused %d, aborted %d, panicked %d; stale %d, late %d, leaks %d\n",
		s.Done, s.Overran, s.Refused, s.Aborted, s.Panicked, s.Stale, s.Buffer[0].Late, after.Leaks)
	return errors.Join(server.stop(), t.verdict(int64(o.requests)), errBack, after.verdict(), ctx.Err())
}

func mib(bytes int) string { return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20)) }
func capacity(s state) int { return s.Stats.Buffer[0].Capacity }

// A worker is a client that sends one request after the other.
type worker interface {
	once()
	warm() // is once with a small request
	drop()
}

// warm lets the clients of twice the saturation send a few small requests, at the same time.
func (o options) warm(newWorker func(int, *tally) worker) {
	var wg sync.WaitGroup
	for i := range 2 * o.clients {
		wg.Go(func() {
			c := newWorker(50_000+i, new(tally))
			defer c.drop()
			for range 50 {
				c.warm()
			}
		})
	}
	wg.Wait()
}

// drive runs clients until the time has come and there are enough answers.
func (o options) drive(ctx context.Context, newWorker func(int, *tally) worker, number, clients int, t *tally, until time.Time, answers int64) {
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			c := newWorker(number+i+1, t)
			defer c.drop()
			for ctx.Err() == nil && (time.Now().Before(until) || t.answers.Load() < answers) {
				c.once()
			}
		})
	}
	wg.Wait()
}

// floors are what an idle buffer keeps: the default of locked.Retain, and what an isolating
// buffer watches.
var floors = map[string]int{
	"fast": 1 << 20, "control": 1 << 20, "grpc-fast": 1 << 20,
	"safe": 32 << 20, "grpc-safe": 32 << 20,
}

// awaitCalm waits until the server has its memory back. What a buffer of Go memory gives back
// is garbage until the collector runs, and resident until the runtime tells the system, so the
// server is told to free it. An isolating buffer learns from the collector, too, what is free.
func (o options) awaitCalm(ctx context.Context, server *child, mode string, before state) (after state, err error) {
	floor, safe := floors[mode], strings.HasSuffix(mode, "safe")
	most := before.Resident + max(before.Resident/10, 16<<20)
	if safe {
		most += floor // which the buffer of a server that was only warmed up has not reached
	}
	for range 15 {
		if err := server.ask("state", &after); err != nil {
			return after, err
		}
		if safe || capacity(after) <= floor {
			if err := server.ask("free", &after); err != nil {
				return after, err
			}
		}
		if after.Stats.Open == 0 && capacity(after) <= floor && after.Resident <= most && after.Goroutines <= before.Goroutines+4 {
			return after, nil
		}
		select {
		case <-ctx.Done():
			return after, ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return after, fmt.Errorf("15 s after the storm: %d scopes open, buffer of %s (want %s), RSS %s (want %s), %d goroutines",
		after.Stats.Open, mib(capacity(after)), mib(floor), mib(after.Resident), mib(most), after.Goroutines)
}

// verdict is an error if clients saw what they must not see.
func (t *tally) verdict(requests int64) error {
	var errs []error
	if n := t.foreign.Load(); n > 0 {
		errs = append(errs, fmt.Errorf("%d bytes of other requests", n))
	}
	if n := t.wrong.Load(); n > 0 {
		errs = append(errs, fmt.Errorf("%d answers that nobody asked for; the first: %s", n, *t.first.Load()))
	}
	if n := t.answers.Load(); n < requests {
		errs = append(errs, fmt.Errorf("%d answers, want %d", n, requests))
	}
	return errors.Join(errs...)
}

// verdict is an error if the server has lost something.
func (s state) verdict() error {
	if s.Leaks > 0 || s.Stats.Stale > 0 {
		return fmt.Errorf("%d scopes never ended, %d stale uses", s.Leaks, s.Stats.Stale)
	}
	return nil
}

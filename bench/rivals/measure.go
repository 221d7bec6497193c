package main

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"time"
)

// A cost is that of a run.
type cost struct{ micros, bytes, allocations float64 }

// measure runs two engines in turn and returns the least time of each: what other programs do to the machine only adds
// to it. Allocations are means.
func measure(ctx context.Context, a, b engine, wait time.Duration) (ca, cb cost, err error) {
	engines, costs := [2]engine{a, b}, [2]*cost{&ca, &cb}
	var repeat [2]int
	for i, e := range engines {
		begin := time.Now()
		for range 2 {
			if err := e.Run(); err != nil {
				return ca, cb, err
			}
		}
		repeat[i] = int(max(1, 10*time.Millisecond/max(1, time.Since(begin))))
		costs[i].micros = math.Inf(1)
	}
	rounds := 0
	for begin := time.Now(); rounds < 3 || time.Since(begin) < wait; rounds++ {
		for i, e := range engines {
			if err := ctx.Err(); err != nil {
				return ca, cb, err
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			for range repeat[i] {
				if err := e.Run(); err != nil {
					return ca, cb, err
				}
			}
			took := time.Since(begin)
			runtime.ReadMemStats(&after)
			n := float64(repeat[i])
			costs[i].micros = min(costs[i].micros, float64(took.Nanoseconds())/1e3/n)
			costs[i].bytes += float64(after.TotalAlloc-before.TotalAlloc) / n
			costs[i].allocations += float64(after.Mallocs-before.Mallocs) / n
		}
	}
	for _, c := range costs {
		c.bytes, c.allocations = c.bytes/float64(rounds), c.allocations/float64(rounds)
	}
	return ca, cb, nil
}

// difference returns how far the results of two engines are apart, in parts of the largest number.
func difference(a, b engine) (float64, error) {
	if err := a.Run(); err != nil {
		return 0, err
	}
	x, err := a.Floats()
	if err != nil {
		return 0, err
	}
	y, err := b.Floats()
	if err != nil {
		return 0, err
	}
	if len(x) != len(y) {
		return 0, fmt.Errorf("%d elements here, %d there", len(x), len(y))
	}
	off, largest := 0.0, 0.0
	for i := range x {
		d := math.Abs(float64(x[i]) - float64(y[i]))
		if math.IsNaN(d) {
			return math.Inf(1), nil
		}
		off, largest = max(off, d), max(largest, math.Abs(float64(x[i])))
	}
	return off / max(largest, math.SmallestNonzeroFloat64), nil
}

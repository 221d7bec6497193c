package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// usage is what the process uses at a moment, after a garbage collection.
type usage struct {
	heap, rss, shared  float64 // MiB
	mappings, routines float64
}

// watch samples and prints usage until ctx ends.
func watch(ctx context.Context, every time.Duration, l workload) (samples []usage) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	fmt.Printf("%8s %9s %9s %9s %9s %11s\n", "seconds", "heap MiB", "RSS MiB", "mappings", "routines", "shared MiB")
	for start := time.Now(); ; {
		select {
		case <-ctx.Done():
			return samples
		case <-tick.C:
			u := measure(l)
			samples = append(samples, u)
			fmt.Printf("%8.1f %9.1f %9.1f %9.0f %9.0f %11.1f\n", time.Since(start).Seconds(), u.heap, u.rss, u.mappings, u.routines, u.shared)
		}
	}
}

func measure(l workload) usage {
	debug.FreeOSMemory() // collects too; what the runtime keeps to use again is no growth
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	const mib = 1 << 20
	return usage{
		heap: float64(m.HeapAlloc) / mib, rss: residentPages() * float64(os.Getpagesize()) / mib,
		shared:   float64(l.buffer().Stats().Capacity) / mib,
		mappings: mappings(), routines: float64(runtime.NumGoroutine()),
	}
}

// residentPages is 0 where the system does not tell.
func residentPages() float64 {
	var size, resident float64
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		_, _ = fmt.Sscan(string(b), &size, &resident)
	}
	return resident
}

func mappings() float64 {
	b, _ := os.ReadFile("/proc/self/maps")
	return float64(bytes.Count(b, []byte("\n")))
}

// judge compares the last quarter of the samples with the second: what is reached in
// the first quarter is the steady state. Growth is what exceeds a tenth and a little.
func judge(samples []usage) error {
	n := len(samples) / 4
	if n == 0 {
		return fmt.Errorf("%d samples are too few to see a drift", len(samples))
	}
	before, after := typical(samples[n:2*n]), typical(samples[len(samples)-n:])
	for _, c := range []struct {
		what          string
		before, after float64
		slack         float64
	}{
		{"heap (MiB)", before.heap, after.heap, 8},
		{"RSS (MiB)", before.rss, after.rss, 16},
		{"mappings", before.mappings, after.mappings, 50},
		{"goroutines", before.routines, after.routines, 30},
		{"shared buffer (MiB)", before.shared, after.shared, 4},
	} {
		fmt.Printf("%-20s %8.1f → %8.1f (%+.1f%%)\n", c.what, c.before, c.after, 100*(c.after-c.before)/max(c.before, 1))
		if c.after > 1.1*c.before+c.slack {
			return fmt.Errorf("%s grew from %.1f to %.1f", c.what, c.before, c.after)
		}
	}
	fmt.Println("no drift")
	return nil
}

// typical returns the means of samples, and of memory the least: more was allocated while it was
// measured, and how much depends on what else the machine does. What leaks is in all of them.
func typical(s []usage) (m usage) {
	k := 1 / float64(len(s))
	m.heap, m.rss = s[0].heap, s[0].rss
	for _, u := range s {
		m.heap, m.rss = min(m.heap, u.heap), min(m.rss, u.rss)
		m.shared += k * u.shared
		m.mappings += k * u.mappings
		m.routines += k * u.routines
	}
	return m
}

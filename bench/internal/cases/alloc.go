package cases

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/alloc"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
)

var allocCase = Case{Name: "alloc", Title: "Allocation", run: runAlloc}

const allocText = `Blocks of float64 are allocated in batches that live together (as many as 256 KiB
hold, from 8 to 1024) and are then released together; the release is part of the time of
every candidate. The first element of each block is written. **Similar** leaves the rest
uninitialised, as the array that it makes is there to be written; **New** zeroes it, as
make, nuke and arenas do; sync.Pool gives it back as it was left. *make* is a process of its
own that does nothing else, and *runtimefreegc* the same program built with
GOEXPERIMENT=runtimefreegc,sizespecializedmalloc (golang/go#74299). Several
goroutines use one allocator each, except for *nuke, concurrent* and *locked*, which share
one, and *locked, regions*, where each has a private region of one. The context depth is
the number of values in the context between the caller and its allocator; *nuke, context*
looks its arena up there too, the others do not use a context.`

var (
	allocSizes      = []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20}
	allocGoroutines = []int{1, 2, 8}
	allocDepths     = []int{0, 4, 16}
)

func runAlloc(ctx context.Context, e *Env) (record.Case, error) {
	c := record.Case{Text: allocText}
	for _, g := range allocGoroutines {
		for _, d := range allocDepths {
			groups, err := e.allocTable(ctx, &c, g, d)
			c.Groups = append(c.Groups, groups...)
			if err != nil {
				return c, err
			}
		}
	}
	c.Bars = allocBars(c.Groups)
	c.Notes = absences(c.Groups)
	one := slices.Clone(c.Groups[:len(allocSizes)])
	chart := curves("performance-alloc.svg", "Allocation, one goroutine",
		record.Axis{Caption: "size of a block", Log: true, Bytes: true},
		record.Axis{Caption: "time per block — lower is better", Log: true, Time: true}, "time", one, ofValue)
	c.Charts = []record.Chart{chart, goroutineChart(c.Groups)}
	return c, nil
}

// allocTable measures all sizes for one number of goroutines and one depth.
func (e *Env) allocTable(ctx context.Context, c *record.Case, goroutines, depth int) (groups []record.Group, err error) {
	for _, size := range allocSizes {
		w := alloc.Workload{Size: size, Goroutines: goroutines, Depth: depth}
		var g record.Group
		g, err = e.allocGroup(ctx, w)
		groups = append(groups, g)
		if err != nil {
			break
		}
	}
	shown := slices.Clone(groups)
	for i := range shown {
		shown[i].Name = byteText(shown[i].X)
	}
	title := fmt.Sprintf("%d goroutine(s), context depth %d: time relative to Similar on a SlabBuffer", goroutines, depth)
	t := down(title, "block", shown, "time", ratioCell)
	t.Folded = goroutines+depth > 1
	c.Tables = append(c.Tables, t)
	if goroutines+depth == 1 {
		c.Tables = append(c.Tables, down("The same: time per block, for orientation", "block", shown, "time", timeCell),
			down("The same: bytes allocated on the Go heap per block", "block", shown, "bytes", bytesCell))
	}
	return groups, err
}

func (e *Env) allocGroup(ctx context.Context, w alloc.Workload) (record.Group, error) {
	g := record.Group{Name: w.String(), X: float64(w.Size), Base: "SlabBuffer"}
	entries := ourAllocators(w)
	if w.Depth == 0 { // the others do not use the context
		entries = append(entries,
			e.child(ctx, "make", ownPeer, "alloc/"+w.String(), nil), e.child(ctx, "make, runtimefreegc", freePeer, "alloc/"+w.String(), nil),
			poolAllocator(w), nukeAllocator(w))
		if w.Goroutines > 1 {
			entries = append(entries, nukeConcurrent(w))
		}
		entries = append(entries, e.child(ctx, "arenas", "arenas", "alloc/"+w.String(), nil))
	}
	entries = append(entries, nukeContext(w))
	return e.measure(ctx, g, 4*time.Millisecond, entries...)
}

func allocBars(groups []record.Group) (b []record.Bar) {
	for i := range groups {
		g := &groups[i]
		w, err := alloc.Parse(g.Name)
		if err != nil || w.Goroutines > 1 || w.Depth > 0 || w.Size > 64<<10 {
			continue
		}
		size := byteText(float64(w.Size))
		ratios, _ := g.Ratios("time", "SlabBuffer", "nuke")
		b = append(b, record.AtMost("Similar of "+size+" (SlabBuffer): time relative to nuke's MakeSlice", similarMost(w.Size), ratios, "nuke is absent"))
	}
	for _, n := range []int{1, 8} {
		b = append(b, record.AtMost(fmt.Sprintf("%d goroutine(s) in regions of one locked buffer: ns more per block than in private buffers, median over sizes to 64 KiB", n),
			regionCost, regionExtra(groups, n), "not run"))
	}
	return b
}

// similarMost is the bar of Similar of so many bytes, relative to nuke, which clears them.
func similarMost(size int) float64 {
	switch {
	case size < 256:
		return 1
	case size < 1<<10:
		return 0.75
	}
	return 0.6
}

// regionCost is how many nanoseconds a block of a region may cost more than one of a
// private buffer: the compare-and-swap. It is a difference, because a ratio would fail when
// private buffers become faster.
const regionCost = 8

// regionExtra returns by how many nanoseconds of a core a block of a region costs more
// than one of a private buffer, in each round, as the median over the sizes.
func regionExtra(groups []record.Group, goroutines int) (extra []float64) {
	var series [][]float64 // for each size
	for i := range groups {
		w, err := alloc.Parse(groups[i].Name)
		if err != nil || w.Goroutines != goroutines || w.Depth != 0 || w.Size > 64<<10 {
			continue
		}
		d := groups[i].Differences("time", "locked, regions", "SlabBuffer")
		if d == nil {
			return nil
		}
		series = append(series, d)
	}
	cores := float64(min(goroutines, runtime.GOMAXPROCS(0)))
	for _, m := range stats.Medians(series) {
		extra = append(extra, cores*m)
	}
	return extra
}

// goroutineChart shows 1 KiB blocks by the number of goroutines.
func goroutineChart(groups []record.Group) record.Chart {
	var some []record.Group
	for _, g := range groups {
		if w, err := alloc.Parse(g.Name); err == nil && w.Size == 1<<10 && w.Depth == 0 {
			g.Name = fmt.Sprintf("%d goroutine(s)", w.Goroutines)
			some = append(some, g)
		}
	}
	c := clusters("performance-alloc-goroutines.svg", "Allocation of 1 KiB blocks by several goroutines",
		"time per block — lower is better", "time", some, ofValue)
	c.Y.Log, c.Y.Time = true, true
	return c
}

//go:build goexperiment.arenas

// Command peer-arena allocates with the arenas of GOEXPERIMENT=arenas.
package main

import (
	"arena"
	"fmt"
	"runtime"
	"strings"

	"github.com/allocarrays/allocarrays-go/bench/internal/alloc"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
)

func main() {
	peer.Serve("package arena of "+runtime.Version()+", GOEXPERIMENT=arenas", prepare)
}

func prepare(name string) (peer.Work, error) {
	text, ok := strings.CutPrefix(name, "alloc/")
	if !ok {
		return peer.Work{}, fmt.Errorf("no such work: %q", name)
	}
	w, err := alloc.Parse(text)
	if err != nil {
		return peer.Work{}, err
	}
	return peer.Work{Run: func(n int) {
		w.Parallel(n, func(_, n int) { w.Batches(n, func(blocks int) { batch(w, blocks) }) })
	}}, nil
}

// batch allocates blocks in an arena of their own, and frees it.
func batch(w alloc.Workload, blocks int) {
	a := arena.NewArena()
	defer a.Free()
	for range blocks {
		arena.MakeSlice[float64](a, w.Elements(), w.Elements())[0] = 1
	}
}

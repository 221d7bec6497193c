//go:build cgo

package main

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/networks"
	"github.com/allocarrays/allocarrays-go/bench/internal/ort"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

func coresHeader(n int) {
	fmt.Printf("| network | one core, µs | %d cores, µs | times as fast | onnxruntime with %d threads, µs | heap allocations |\n", n, n)
	fmt.Println("|---|---:|---:|---:|---:|---:|")
}

// burst is how many runs follow each other, as under load: the first has to wake the other cores, whose caches are cold.
const burst = 5

// onCores measures runs on one core and on more, in turn, and then in onnxruntime with as many threads.
func onCores(dir string, n networks.Network, rounds, cores int) error {
	file, inputs, err := n.Open(dir)
	if err != nil {
		return err
	}
	m, err := onnx.Load(bytes.NewReader(file))
	if err != nil {
		return err
	}
	p, varied, err := compileBound(m, inputs)
	if err != nil {
		return err
	}
	var names []string
	for _, o := range m.Outputs() {
		names = append(names, o.Name)
	}
	s, err := ort.New(file, cores, inputs, names)
	if err != nil {
		return err
	}
	defer s.Close()
	run := func(ctx context.Context) error {
		_, err := p.Run(ctx, varied...)
		return err
	}
	one := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	shared := locked.Share(bumper.NewSlabBuffer(), locked.Cores(cores))
	defer shared.Close()
	var best [3][]time.Duration
	var mallocs uint64
	err = scope.NoEscape(scope.WithAllocator(context.Background(), shared), func(more context.Context) error {
		ways := []func() error{
			func() error { return scope.NoEscape(one, run) },
			func() error { return scope.NoEscape(more, run) },
			s.Run,
		}
		// onnxruntime's threads go on spinning when a run has ended, and would take a core from what is measured
		// in turn with it, which no user would let them do: it comes last.
		for first, some := range [][]func() error{ways[:2], ways[2:]} {
			for range rounds {
				for i, f := range some {
					for range burst {
						begin := time.Now()
						if err := f(); err != nil {
							return err
						}
						best[2*first+i] = append(best[2*first+i], time.Since(begin))
					}
				}
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 10 {
			if err := ways[1](); err != nil {
				return err
			}
		}
		runtime.ReadMemStats(&after)
		mallocs = after.Mallocs - before.Mallocs
		return nil
	})
	if err != nil {
		return err
	}
	micro := func(i int) float64 { return float64(slices.Min(best[i]).Nanoseconds()) / 1e3 }
	fmt.Printf("| %s | %.0f | %.0f | %.2f | %.0f | %.1f |\n", n.Name, micro(0), micro(1), micro(0)/micro(1), micro(2), float64(mallocs)/10)
	return nil
}

// compileBound compiles a model with its rate bound, and returns the other inputs: a rate is for the life of a program.
func compileBound(m *onnx.Model, inputs []onnx.Tensor) (p *onnx.Program, varied []onnx.Tensor, err error) {
	var options []onnx.Option
	for _, t := range inputs {
		if t.Name() == "sr" {
			options = append(options, onnx.Bind(t))
		} else {
			varied = append(varied, t)
		}
	}
	p, err = m.Compile(options...)
	return p, varied, err
}

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
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

func header() {
	fmt.Println("| network | here, µs | onnxruntime, µs | times as fast | heap allocations | cold start here, ms | onnxruntime's, ms |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|")
}

// speed measures runs of both in turn, and prints the least of each: what other programs do to the machine
// only adds to it. Cold starts are loading, compiling and the first run.
func speed(dir string, n networks.Network, rounds int) error {
	file, inputs, err := n.Open(dir)
	if err != nil {
		return err
	}
	var p *onnx.Program
	var varied []onnx.Tensor
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	step := func() error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			_, err := p.Run(ctx, varied...)
			return err
		})
	}
	var s *ort.Session
	var cold [2][]time.Duration
	for range 3 {
		begin := time.Now()
		m, err := onnx.Load(bytes.NewReader(file))
		if err != nil {
			return err
		}
		if p, varied, err = compileBound(m, inputs); err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
		cold[0] = append(cold[0], time.Since(begin))
		var names []string
		for _, o := range m.Outputs() {
			names = append(names, o.Name)
		}
		begin = time.Now()
		if s, err = ort.New(file, 1, inputs, names); err != nil {
			return err
		}
		defer s.Close()
		if err := s.Run(); err != nil {
			return err
		}
		cold[1] = append(cold[1], time.Since(begin))
	}
	begin := time.Now()
	if err := step(); err != nil {
		return err
	}
	repeat := int(max(1, 5*time.Millisecond/max(1, time.Since(begin))))
	var best [2][]time.Duration
	for range rounds {
		for i, f := range []func() error{step, s.Run} {
			begin := time.Now()
			for range repeat {
				if err := f(); err != nil {
					return err
				}
			}
			best[i] = append(best[i], time.Since(begin)/time.Duration(repeat))
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const runs = 10
	for range runs {
		if err := step(); err != nil {
			return err
		}
	}
	runtime.ReadMemStats(&after)
	micro := func(d []time.Duration) float64 { return float64(slices.Min(d).Nanoseconds()) / 1e3 }
	here, there := micro(best[0]), micro(best[1])
	fmt.Printf("| %s | %.0f | %.0f | %.2f | %.1f | %.1f | %.1f |\n", n.Name, here, there, there/here,
		float64(after.Mallocs-before.Mallocs)/runs, micro(cold[0])/1e3, micro(cold[1])/1e3)
	return nil
}

//go:build linux && cgo

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/allocarrays/allocarrays-go/bench/internal/networks"
	"github.com/allocarrays/allocarrays-go/bench/internal/ort"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A kind is a place that the memory of a run comes from.
type kind struct {
	title  string
	buffer func() (memory.Allocator, func()) // and what is called after each picture
	rival  bool                              // onnxruntime
}

var order = []string{"kept", "trimmed", "retain", "prompt", "onnxruntime"}

var kinds = map[string]kind{
	"kept": {title: "a slab buffer on the Go heap, which keeps it", buffer: func() (memory.Allocator, func()) {
		return bumper.NewSlabBuffer(), func() {}
	}},
	"trimmed": {title: "the same, with `Trim` and `debug.FreeOSMemory` after each picture", buffer: func() (memory.Allocator, func()) {
		b := bumper.NewSlabBuffer()
		return b, func() {
			b.Trim()
			debug.FreeOSMemory()
		}
	}},
	"retain": {title: "a shared buffer on `offheap.Mmap`, with `locked.Retain(0, 16<<20)`", buffer: func() (memory.Allocator, func()) {
		return locked.Share(bumper.NewSlabBuffer(bumper.From(offheap.Mmap())), locked.Retain(0, 16<<20)), func() {}
	}},
	"prompt": {title: "a slab buffer on `offheap.Mmap`, with `bumper.Prompt`", buffer: func() (memory.Allocator, func()) {
		return bumper.NewSlabBuffer(bumper.From(offheap.Mmap()), bumper.Prompt()), func() {}
	}},
	"onnxruntime": {title: "onnxruntime", rival: true},
}

// measure prints the resident memory, in MB: loaded, after a small picture, a large one, a small one, ten small ones.
func (k kind) measure(small, large int) error {
	runtime.GOMAXPROCS(1)
	dir, err := networks.Folder()
	if err != nil {
		return err
	}
	n, err := networks.Find("det")
	if err != nil {
		return err
	}
	file, err := n.Read(dir)
	if err != nil {
		return err
	}
	load := k.ours
	if k.rival {
		load = onnxruntime
	}
	picture, err := load(file)
	if err != nil {
		return err
	}
	debug.FreeOSMemory() // what reading and compiling have left
	if err := resident(); err != nil {
		return err
	}
	for _, sizes := range [][]int{{small, small, small}, {large}, {small}, {small, small, small, small, small, small, small, small, small, small}} {
		for _, size := range sizes {
			if err := picture(size); err != nil {
				return err
			}
		}
		if err := resident(); err != nil {
			return err
		}
	}
	return nil
}

// resident prints the resident memory.
func resident() error {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	var all, here int64
	if _, err := fmt.Sscan(string(b), &all, &here); err != nil {
		return err
	}
	_, err = fmt.Printf("%.3f\n", float64(here)*float64(os.Getpagesize())/1e6)
	return err
}

// ours runs the network with a buffer, from which the picture comes, too.
func (k kind) ours(file []byte) (func(size int) error, error) {
	m, err := onnx.Load(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	p, err := m.Compile()
	if err != nil {
		return nil, err
	}
	buffer, after := k.buffer()
	ctx := scope.WithAllocator(context.Background(), buffer)
	return func(size int) error {
		defer after()
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			x := scope.Make[float32](ctx, 3*size*size)
			fill(x)
			_, err := p.Run(ctx, onnx.From(x, 1, 3, size, size))
			return err
		})
	}, nil
}

// onnxruntime gets its pictures from memory outside the Go heap, too.
func onnxruntime(file []byte) (func(size int) error, error) {
	if err := ort.Open(); err != nil {
		return nil, err
	}
	pages := bumper.NewSlabBuffer(bumper.From(offheap.Mmap()), bumper.Prompt())
	ctx := scope.WithAllocator(context.Background(), pages)
	run, err := ort.Pictures(file, "x")
	if err != nil {
		return nil, err
	}
	return func(size int) error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			x := scope.Make[float32](ctx, 3*size*size)
			fill(x)
			return run(onnx.From(x, 1, 3, size, size))
		})
	}, nil
}

func fill(x []float32) {
	for i := range x {
		x[i] = float32(i%251) / 251
	}
}

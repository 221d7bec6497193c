package bumper_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// work allocates n blocks of 1000 bytes and returns the error, if any.
func work(ctx context.Context, n int) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		for range n {
			_ = scope.Make[byte](ctx, 1000)
		}
		return nil
	})
}

func ExampleNewAllocBuffer() {
	buf := bumper.NewAllocBuffer(4096)
	ctx := scope.WithAllocator(context.Background(), buf)
	fmt.Println(work(ctx, 4))
	fmt.Println(work(ctx, 5))
	fmt.Println(buf)
	// Output:
	// <nil>
	// bumper.AllocBuffer: out of memory: 1000 bytes requested, 24 available, limit 4096
	// bumper.AllocBuffer: 0 B of 4.0 KiB used (0%), high water 4.0 KiB, 1 slabs, 8 allocations, 0 resets
}

// A buffer can stand on storage that the user provides.
func ExampleNewAllocBufferOn() {
	var storage [1000]byte
	buf := bumper.NewAllocBufferOn(storage[:])
	block, err := buf.Alloc(3, 1)
	if err != nil {
		fmt.Println(err)
	}
	block.Bytes()[0] = 42
	found := false
	for _, b := range storage {
		found = found || b == 42
	}
	fmt.Println(found)
	// Output: true
}

func ExampleNewSlabBuffer() {
	buf := bumper.NewSlabBuffer(bumper.SlabSize(4096))
	ctx := scope.WithAllocator(context.Background(), buf)
	for range 100 {
		if err := work(ctx, 10); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(buf.Stats().Slabs, buf.Stats().Capacity)
	buf.Trim()
	fmt.Println(buf.Stats().Slabs, buf.Stats().Capacity)
	// Output:
	// 3 12288
	// 0 0
}

// An AutoscalingBuffer learns from the first use how large it should be.
func ExampleNewAutoscalingBuffer() {
	buf := bumper.NewAutoscalingBuffer(bumper.Initial(4096))
	ctx := scope.WithAllocator(context.Background(), buf)
	for range 3 {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			err := work(ctx, 20)
			fmt.Println("pieces in use:", buf.Stats().Slabs)
			return err
		})
	}
	// Output:
	// pieces in use: 3
	// pieces in use: 1
	// pieces in use: 1
}

func ExampleLimit() {
	buf := bumper.NewSlabBuffer(bumper.SlabSize(4096), bumper.Limit(10_000))
	err := work(scope.WithAllocator(context.Background(), buf), 100)
	var full *scope.ExhaustedError
	if errors.As(err, &full) {
		fmt.Println(full.Requested, full.Limit)
	}
	// Output: 1000 10000
}

func ExampleStats() {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	_ = work(ctx, 2000)
	_ = scope.Make[byte](ctx, 1000)
	fmt.Println(buf.Stats())
	fmt.Println(buf.Reset(), buf.Stats().Used)
	// Output:
	// 1000 B of 2.0 MiB used (0%), 1000 B of them outside every scope, high water 2.0 MiB, 2 slabs, 2001 allocations, 0 resets
	// <nil> 0
}

// logged is a source that tells what it is asked for.
type logged struct{ bumper.Source }

func (l logged) Acquire(size int) ([]byte, error) {
	fmt.Println("acquire", size)
	return l.Source.Acquire(size)
}

func (l logged) Release(mem []byte) {
	fmt.Println("release", len(mem))
	l.Source.Release(mem)
}

func ExampleFrom() {
	buf := bumper.NewSlabBuffer(bumper.SlabSize(2048), bumper.From(logged{bumper.GoHeap()}))
	_ = work(scope.WithAllocator(context.Background(), buf), 3)
	fmt.Println(buf.Close())
	// Output:
	// acquire 2048
	// acquire 2048
	// release 2048
	// release 2048
	// <nil>
}

// Checkpoints can be used without a context.
func ExampleSlabBuffer_Checkpoint() {
	buf := bumper.NewSlabBuffer()
	cp := buf.Checkpoint()
	_, err := buf.Alloc(1000, 8)
	fmt.Println(err, buf.Stats().Used)
	fmt.Println(buf.Reset())
	fmt.Println(buf.Restore(cp), buf.Stats().Used)
	fmt.Println(buf.Restore(cp))
	// Output:
	// <nil> 1000
	// bumper: reset while a scope is open
	// <nil> 0
	// bumper: checkpoint was restored before
}

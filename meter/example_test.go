package meter_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A limit for the process, for each tenant and for each request, and what a server answers.
func Example() {
	process := meter.NewLimit(nil, "process", 512<<20)
	tenant := meter.NewLimit(process, "tenant 7", 64<<20)
	shared := meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(process))

	serve := func(bytes int) int {
		request := meter.NewLimit(tenant, "request", 8<<20)
		ctx := scope.WithAllocator(context.Background(), shared.Within(request))
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, bytes)
			return nil
		})
		switch meter.RefusedBy(err) {
		case request:
			return http.StatusRequestEntityTooLarge
		case tenant:
			return http.StatusTooManyRequests
		case process:
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}
	fmt.Println(serve(1<<20), serve(9<<20))
	fmt.Println(process.Stats().Used)
	// Output:
	// 200 413
	// 0
}

// The error of an allocation names the limit and its numbers.
func ExampleRefusedBy() {
	tenant := meter.NewLimit(nil, "tenant 7", 1<<20)
	ctx := scope.WithAllocator(context.Background(), meter.New(scope.Heap(), meter.Within(tenant)))
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 1_000_000)
		_ = scope.Make[byte](ctx, 100_000)
		return nil
	})
	fmt.Println(err)
	fmt.Println(meter.RefusedBy(err).Name())
	// Output:
	// meter.Limit: out of memory: 100000 bytes requested, 48576 available, limit 1048576: limit "tenant 7" has 1000000 of 1048576 bytes in use
	// tenant 7
}

// An unlocked buffer is charged for the storage that it holds.
func ExampleSource() {
	tenant := meter.NewLimit(nil, "tenant 7", 3<<20)
	buf := bumper.NewSlabBuffer(bumper.From(meter.Source(tenant, bumper.GoHeap())))
	ctx := scope.WithAllocator(context.Background(), buf)
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		_ = scope.Make[byte](ctx, 1000)
		return nil
	})
	fmt.Println(err, tenant.Stats().Used)
	fmt.Println(buf.Close(), tenant.Stats().Used)
	// Output:
	// <nil> 1048576
	// <nil> 0
}

// A fallback is slow where the plain buffer fails, and counts how often.
func ExampleFallback() {
	m := meter.New(bumper.NewAllocBuffer(4096), meter.Fallback())
	ctx := scope.WithAllocator(context.Background(), m)
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		_ = scope.Make[float64](ctx, 100)
		_ = scope.Make[float64](ctx, 1000)
		return nil
	})
	fmt.Println(err, m.Stats().HeapBlocks, m.Stats().HeapBytes)
	// Output: <nil> 1 8000
}

// Each allocation fails in turn: the code survives it if it releases what it holds.
func ExampleFail() {
	for nth := 1; ; nth++ {
		ctx := scope.WithAllocator(context.Background(), meter.New(bumper.NewSlabBuffer(), meter.Fail(nth)))
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			_ = scope.Make[float64](ctx, 10)
			_ = scope.Make[float64](ctx, 20)
			return nil
		})
		fmt.Println(err)
		if err == nil {
			break
		}
	}
	// Output:
	// meter.Fail: out of memory: 80 bytes requested, 0 available, limit 0: meter: failure injected
	// meter.Fail: out of memory: 160 bytes requested, 0 available, limit 0: meter: failure injected
	// <nil>
}

// A recorded trace tells whether a smaller buffer would have done.
func ExampleReplay() {
	var trace bytes.Buffer
	shared := meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Trace(&trace))
	_ = scope.NoEscape(scope.WithAllocator(context.Background(), shared), func(ctx context.Context) error {
		_ = scope.Make[float64](ctx, 1000)
		_ = scope.Make[float64](ctx, 50_000)
		return nil
	})

	smaller := locked.Share(bumper.NewAllocBuffer(256 << 10))
	replayed, err := meter.Replay(scope.WithAllocator(context.Background(), smaller), &trace)
	fmt.Println(err, replayed.Scopes, replayed.Allocations, replayed.Refused)
	fmt.Println(replayed.First)
	// Output:
	// <nil> 1 2 1
	// bumper.AllocBuffer: out of memory: 400000 bytes requested, 246080 available, limit 262144: bumper: limit of the buffer reached
}

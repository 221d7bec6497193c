package misuse_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// endedMeanwhile is what is said by an operation during which a scope ended.
const endedMeanwhile = " of a 10 float64 array whose scope has ended at PLACE; it ended during the operation; end a scope only when nothing uses its arrays"

// meanwhiles end a scope while an operation uses its arrays. The first check of the
// operation finds nothing wrong.
var meanwhiles = []mistake{
	{name: "map-operand", what: "the function given to Map resets the buffer, and the memory is filled again", promise: always,
		message: "allocarray: Map" + endedMeanwhile,
		program: func(*testing.T) error {
			return moveIn(func(ctx context.Context, a array, next func()) {
				allocarray.Map(ctx, a, func(x float64) float64 { next(); return x })
			})
		}},
	{name: "map-destination", what: "the same while MapInto writes there", promise: always,
		message: "allocarray: MapInto" + endedMeanwhile,
		program: func(*testing.T) error {
			return moveIn(func(_ context.Context, a array, next func()) {
				allocarray.MapInto(a, allocarray.Full(context.Background(), 1.0, 10), func(x float64) float64 { next(); return x })
			})
		}},
	{name: "allocator", what: "an allocator of the user's that ends the scope of an operand", promise: always,
		message: "allocarray: Add" + endedMeanwhile,
		program: func(*testing.T) error {
			return moveIn(func(_ context.Context, a array, next func()) {
				allocarray.Add(scope.WithAllocator(context.Background(), resetting{scope.Heap(), next}), a, a)
			})
		}},
	{name: "sum-goroutine", what: "a goroutine that a request forgot is inside Sum while the next request fills the memory (a check that is best effort on arm64)", promise: always,
		message: "whose scope has ended at PLACE", program: forgottenSum},
}

// moveIn runs use with an array of ones and a function that resets its buffer and
// fills the memory with 4242. It fails if use saw or changed these.
func moveIn(use func(ctx context.Context, a array, next func())) error {
	buf := bumper.NewAllocBuffer(1 << 10)
	ctx := scope.WithAllocator(context.Background(), buf)
	var stranger array
	said := outcome(func() error {
		return scope.Try(func() error {
			use(ctx, allocarray.Full(ctx, 1.0, 10), func() {
				if stranger.Len() > 0 {
					panic("the function was called again")
				}
				if err := buf.Reset(); err != nil {
					panic(err)
				}
				stranger = allocarray.Full(ctx, 4242.0, 100)
			})
			return nil
		})
	})
	if low, high := allocarray.Min(stranger), allocarray.Max(stranger); low != 4242 || high != 4242 {
		return fmt.Errorf("the memory of another scope was overwritten: %v to %v", low, high)
	}
	return errors.New(said)
}

// resetting calls a function before each allocation.
type resetting struct {
	scope.Allocator
	before func()
}

func (r resetting) Alloc(size, align uintptr) (memory.Block, error) {
	r.before()
	return r.Allocator.Alloc(size, align)
}

func (r resetting) Unwrap() scope.Allocator { return r.Allocator }

// forgottenSum lets a goroutine sum an array over and over while its scope ends and
// the next one takes its memory, 200 times. It returns what the goroutine ended with,
// and a wrong sum at once.
func forgottenSum(t *testing.T) error {
	if testenv.Race {
		t.Skip("the race detector reports the race")
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("the check is best effort on " + runtime.GOARCH)
	}
	const n = 1 << 14
	ctx, last := bump(), ""
	for range 200 {
		begun, said := make(chan bool), make(chan string, 1)
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			a := allocarray.Full(ctx, 1.0, n)
			go func() {
				said <- outcome(func() error { return scope.Try(func() error { return sumForEver(a, begun) }) })
			}()
			<-begun
			return nil
		})
		if err != nil {
			return err
		}
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			allocarray.Full(ctx, 2.0, n)
			return nil
		})
		if last = <-said; last == wrongSum {
			break
		}
	}
	return errors.New(last)
}

const wrongSum = "the sum is not that of the array"

// sumForEver sums ones until that panics or comes out wrong.
func sumForEver(a array, begun chan bool) error {
	want := allocarray.Sum(a)
	close(begun)
	for allocarray.Sum(a) == want {
	}
	return errors.New(wrongSum)
}

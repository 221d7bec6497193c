package misuse_test

import (
	"context"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// What is said about an array, and about a slice, that was kept.
const (
	staleArray = "allocarray: At of a 10 float64 array whose scope has ended at PLACE; copy what must outlive a scope with Heap() or CopyTo before it ends"
	staleSlice = "scope: access to byte 24 of a block of 80 bytes allocated atSTACKwhose scope has ended at PLACE; copy what must outlive a scope before it ends"
)

type array = allocarray.AllocArray[float64]

// keepArray returns an array whose scope has ended, by the way out that leave takes.
func keepArray(leave func(x array)) {
	_ = scope.NoEscape(bump(), func(ctx context.Context) error {
		leave(allocarray.New[float64](ctx, 10))
		return nil
	})
}

// keepSlice is keepArray with a raw slice.
func keepSlice(ctx context.Context, leave func(s []float64)) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		leave(scope.Make[float64](ctx, 10))
		return nil
	})
}

// read uses s below a Try, as a request is handled below one.
func read(s []float64) error {
	return scope.Try(func() error { sink += s[3]; return nil })
}

var sink float64

type holder struct {
	array array
	slice []float64
}

var escapes = []mistake{
	{name: "array-return", what: "an array returned from its scope", promise: always, message: staleArray, program: func(*testing.T) error {
		var kept array
		keepArray(func(x array) { kept = x })
		kept.At(3)
		return nil
	}},
	{name: "array-closure", what: "an array in a closure that outlives the scope", promise: always, message: staleArray, program: func(*testing.T) error {
		var f func() float64
		keepArray(func(x array) { f = func() float64 { return x.At(3) } })
		f()
		return nil
	}},
	{name: "array-channel", what: "an array sent on a channel", promise: always, message: staleArray, program: func(*testing.T) error {
		ch := make(chan array, 1)
		keepArray(func(x array) { ch <- x })
		kept := <-ch
		kept.At(3)
		return nil
	}},
	{name: "array-field", what: "an array stored in a field", promise: always, message: staleArray, program: func(*testing.T) error {
		var h holder
		keepArray(func(x array) { h.array = x })
		h.array.At(3)
		return nil
	}},
	{name: "array-goroutine", what: "an array used by a goroutine that outlives the scope", promise: always, message: staleArray, program: func(*testing.T) error {
		ended, said := make(chan bool), make(chan string)
		keepArray(func(x array) {
			go func() {
				<-ended
				said <- outcome(func() error { x.At(3); return nil })
			}()
		})
		close(ended)
		panic(<-said)
	}},
	{name: "array-view", what: "a view that is kept instead of its array", promise: always,
		message: "allocarray: Sum of a 2×5 float64 array whose scope has ended at PLACE; copy",
		program: func(*testing.T) error {
			var kept array
			keepArray(func(x array) { kept = x.Reshape(2, 5) })
			allocarray.Sum(kept)
			return nil
		}},
	{name: "array-operand", what: "a stale array among the operands of an operation", promise: always,
		message: "allocarray: AddInto of a 10 float64 array whose scope has ended at PLACE; copy",
		program: func(t *testing.T) error {
			var kept array
			keepArray(func(x array) { kept = x })
			fresh := allocarray.New[float64](t.Context(), 10)
			defer func() { require.Equal(t, make([]float64, 10), fresh.Data(), "nothing was written") }()
			allocarray.AddInto(fresh, fresh, kept)
			return nil
		}},

	{name: "slice-return", what: "a raw slice returned from its scope", promise: inGuardMode, message: staleSlice, program: func(*testing.T) error {
		var kept []float64
		keepSlice(bump(), func(s []float64) { kept = s })
		return read(kept)
	}},
	{name: "slice-closure", what: "a raw slice in a closure that outlives the scope", promise: inGuardMode, message: staleSlice, program: func(*testing.T) error {
		var f func() error
		keepSlice(bump(), func(s []float64) { f = func() error { return read(s) } })
		return f()
	}},
	{name: "slice-channel", what: "a raw slice sent on a channel", promise: inGuardMode, message: staleSlice, program: func(*testing.T) error {
		ch := make(chan []float64, 1)
		keepSlice(bump(), func(s []float64) { ch <- s })
		return read(<-ch)
	}},
	{name: "slice-field", what: "a raw slice stored in a field", promise: inGuardMode, message: staleSlice, program: func(*testing.T) error {
		var h holder
		keepSlice(bump(), func(s []float64) { h.slice = s })
		return read(h.slice)
	}},
	{name: "slice-goroutine", what: "a raw slice used by a goroutine that outlives the scope", promise: inGuardMode, message: staleSlice, program: func(*testing.T) error {
		ended, said := make(chan bool), make(chan string)
		keepSlice(bump(), func(s []float64) {
			go func() {
				<-ended
				said <- outcome(func() error { return read(s) })
			}()
		})
		close(ended)
		panic(<-said)
	}},
	{name: "slice-write", what: "a write to a raw slice after its scope", promise: inGuardMode, message: staleSlice, program: func(*testing.T) error {
		var kept []float64
		keepSlice(bump(), func(s []float64) { kept = s })
		return scope.Try(func() error { kept[3] = 1; return nil })
	}},
	{name: "slice-region", what: "a raw slice kept from a region of a shared buffer", promise: inGuardMode, message: staleSlice, program: func(*testing.T) error {
		var kept []float64
		keepSlice(locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer()), func(s []float64) { kept = s })
		return read(kept)
	}},
	{name: "slice-kernel", what: "a stale raw slice, wrapped, in an operation (a fault in assembly)", promise: inGuardMode,
		message: "of a block of 800000 bytes allocated atSTACKwhose scope has ended at PLACE; copy",
		program: func(t *testing.T) error {
			var kept []float64
			_ = scope.NoEscape(bump(), func(ctx context.Context) error {
				kept = scope.Make[float64](ctx, 100_000)
				return nil
			})
			x := allocarray.Wrap(kept)
			return scope.Try(func() error { allocarray.Add(t.Context(), x, x); return nil })
		}},
	{name: "slice-data", what: "the Data() of an array, kept", promise: inGuardMode, message: staleSlice, program: func(*testing.T) error {
		var kept []float64
		keepArray(func(x array) { kept = x.Data() })
		return read(kept)
	}},
	{name: "slice-copy", what: "copy() from a stale raw slice (a fault in the runtime)", promise: inGuardMode,
		message: "of a block of 80 bytes allocated atSTACKwhose scope has ended at PLACE; copy",
		program: func(*testing.T) error {
			var kept []float64
			keepSlice(bump(), func(s []float64) { kept = s })
			return scope.Try(func() error { copy(make([]float64, 10), kept); return nil })
		}},
	{name: "slice-many-scopes", what: "a raw slice used 1000 scopes later", promise: inGuardMode, message: staleSlice, program: func(*testing.T) error {
		ctx := bump()
		var kept []float64
		keepSlice(ctx, func(s []float64) { kept = s })
		for range 1000 {
			keepSlice(ctx, func(s []float64) { s[0] = 1 })
		}
		return read(kept)
	}},
	{name: "slice-group", what: "a raw slice kept in a worker of a group, which ends the program as any panic there does", promise: inGuardMode,
		message: "panic: scope: access to byte 24 of a block of 80 bytes allocated atSTACKwhose scope has ended at PLACE", dies: true,
		program: func(*testing.T) error {
			g := locked.NewGroup(locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer()))
			g.Go(func(ctx context.Context) error {
				var kept []float64
				keepSlice(ctx, func(s []float64) { kept = s })
				sink += kept[3]
				return nil
			})
			return g.Wait()
		}},
	{name: "slice-bare-goroutine", what: "a stale raw slice in a goroutine without NoEscape, Try or Group, which ends the program", promise: inGuardMode,
		message: "unexpected fault address ADDRESS\nfatal error: fault", dies: true,
		program: func(*testing.T) error {
			var kept []float64
			keepSlice(bump(), func(s []float64) { kept = s })
			done := make(chan bool)
			go func() { sink += kept[3]; close(done) }()
			<-done
			return nil
		}},
	{name: "slice-isolating", what: "a raw slice kept from an isolating buffer", promise: construction, program: func(t *testing.T) error {
		defer guard.Set(guard.Set(guard.Off)) // which would not let us look
		ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer(bumper.Isolating()))
		var kept []float64
		keepSlice(ctx, func(s []float64) { s[3] = 42; kept = s })
		for range 1000 {
			keepSlice(ctx, func(s []float64) { s[3] = -1 })
		}
		require.Equal(t, 42.0, kept[3], "its own data, not a later scope's")
		return nil
	}},
	{name: "slice-fault-elsewhere", what: "a fault that has nothing to do with buffers goes on as it was", promise: construction,
		message: "runtime error: invalid memory address or nil pointer dereference", program: func(*testing.T) error {
			defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
			return scope.Try(func() error { var h *holder; sink += h.slice[0]; return nil })
		}},
}

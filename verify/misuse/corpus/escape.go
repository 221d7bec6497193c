package corpus

import (
	"context"
	"runtime/debug"
	"strings"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

type array = allocarray.AllocArray[float64]

type holder struct {
	array array
	slice []float64
}

// keepArray lets leave carry ten sevens out of their scope, and then runs use while a
// later scope is open, as next does.
func keepArray(k Kind, leave func(x array), use func() error) error {
	m := k.new()
	_ = scope.NoEscape(m.ctx, func(ctx context.Context) error {
		leave(allocarray.Full(ctx, 7.0, 10))
		return nil
	})
	return m.next(10, use)
}

// keepSlice is keepArray with a raw slice.
func keepSlice(k Kind, leave func(s []float64), use func() error) error {
	m := k.new()
	sevens(m.ctx, 10, leave)
	return m.next(10, use)
}

// sevens runs leave, in a scope, with n sevens.
func sevens(ctx context.Context, n int, leave func(s []float64)) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		s := scope.Make[float64](ctx, n)
		fill(s, 7)
		leave(s)
		return nil
	})
}

// next runs use in a scope that has filled n elements with -1, in memory of earlier
// scopes if the buffer hands that out again. They are to stay as they are.
func (m *buffer) next(n int, use func() error) error {
	return scope.NoEscape(m.ctx, func(ctx context.Context) error {
		s := scope.Make[float64](ctx, n)
		fill(s, -1)
		err := try(use)
		expect(all(s, -1), "a later scope's data was overwritten")
		return err
	})
}

func fill(s []float64, x float64) {
	for i := range s {
		s[i] = x
	}
}

func all(s []float64, x float64) bool {
	for _, y := range s {
		if y != x {
			return false
		}
	}
	return true
}

// read uses a slice of sevens below a Try, as a request is handled below one.
func read(s []float64) error { return scope.Try(func() error { return seven(s[3]) }) }

// at uses an array of sevens.
func at(x array) error { return seven(x.At(3)) }

func seven(x float64) error {
	if x != 7 {
		return wrong("a later scope's data was read")
	}
	return nil
}

var escapes = []Program{
	{Name: "array-return", What: "an array returned from its scope", run: func(k Kind) error {
		var kept array
		return keepArray(k, func(x array) { kept = x }, func() error { return at(kept) })
	}},
	{Name: "array-closure", What: "an array in a closure that outlives the scope", run: func(k Kind) error {
		var f func() error
		return keepArray(k, func(x array) { f = func() error { return at(x) } }, func() error { return f() })
	}},
	{Name: "array-channel", What: "an array sent on a channel", run: func(k Kind) error {
		ch := make(chan array, 1)
		return keepArray(k, func(x array) { ch <- x }, func() error { return at(<-ch) })
	}},
	{Name: "array-field", What: "an array stored in a field", run: func(k Kind) error {
		var h holder
		return keepArray(k, func(x array) { h.array = x }, func() error { return at(h.array) })
	}},
	{Name: "array-goroutine", What: "an array used by a goroutine after the end of its scope", run: func(k Kind) error {
		var kept array
		return keepArray(k, func(x array) { kept = x }, func() error {
			return inGoroutine(func() error { return at(kept) })
		})
	}},
	{Name: "array-view", What: "a view that is kept instead of its array", run: func(k Kind) error {
		var kept array
		return keepArray(k, func(x array) { kept = x.Reshape(2, 5) }, func() error { return seven(allocarray.Sum(kept) / 10) })
	}},
	{Name: "array-operand", What: "a stale array among the operands of an operation, which writes nothing then", run: func(k Kind) error {
		var kept array
		return keepArray(k, func(x array) { kept = x }, func() error {
			fresh := allocarray.New[float64](context.Background(), 10)
			defer func() { expect(all(fresh.Data(), 0), "something was written") }()
			allocarray.AddInto(fresh, fresh, kept)
			return nil
		})
	}},

	{Name: "slice-return", What: "a raw slice returned from its scope", Pages: true, run: func(k Kind) error {
		var kept []float64
		return keepSlice(k, func(s []float64) { kept = s }, func() error { return read(kept) })
	}},
	{Name: "slice-closure", What: "a raw slice in a closure that outlives the scope", Pages: true, run: func(k Kind) error {
		var f func() error
		return keepSlice(k, func(s []float64) { f = func() error { return read(s) } }, func() error { return f() })
	}},
	{Name: "slice-channel", What: "a raw slice sent on a channel", Pages: true, run: func(k Kind) error {
		ch := make(chan []float64, 1)
		return keepSlice(k, func(s []float64) { ch <- s }, func() error { return read(<-ch) })
	}},
	{Name: "slice-field", What: "a raw slice stored in a field", Pages: true, run: func(k Kind) error {
		var h holder
		return keepSlice(k, func(s []float64) { h.slice = s }, func() error { return read(h.slice) })
	}},
	{Name: "slice-goroutine", What: "a raw slice used by a goroutine after the end of its scope", Pages: true, run: func(k Kind) error {
		var kept []float64
		return keepSlice(k, func(s []float64) { kept = s }, func() error {
			return inGoroutine(func() error { return read(kept) })
		})
	}},
	{Name: "slice-write", What: "a write to a raw slice after its scope", Pages: true, run: func(k Kind) error {
		var kept []float64
		return keepSlice(k, func(s []float64) { kept = s }, func() error {
			return scope.Try(func() error { kept[3] = 1; return nil })
		})
	}},
	{Name: "slice-data", What: "the Data() of an array, kept", Pages: true, run: func(k Kind) error {
		var kept []float64
		return keepArray(k, func(x array) { kept = x.Data() }, func() error { return read(kept) })
	}},
	{Name: "slice-kernel", What: "a stale raw slice, wrapped, in an operation (a fault in assembly)", Pages: true, run: func(k Kind) error {
		var kept []float64
		m := k.new()
		sevens(m.ctx, 100_000, func(s []float64) { kept = s })
		return m.next(100_000, func() error {
			return scope.Try(func() error {
				x := allocarray.Wrap(kept)
				return seven(allocarray.Sum(allocarray.Add(context.Background(), x, x)) / 200_000)
			})
		})
	}},
	{Name: "slice-copy", What: "copy() from a stale raw slice (a fault in the runtime)", Pages: true, run: func(k Kind) error {
		var kept []float64
		return keepSlice(k, func(s []float64) { kept = s }, func() error {
			dst := make([]float64, 10)
			return scope.Try(func() error { copy(dst, kept); return seven(dst[3]) })
		})
	}},
	{Name: "slice-many-scopes", What: "a raw slice used 1000 scopes later", Pages: true, run: func(k Kind) error {
		var kept []float64
		m := k.new()
		sevens(m.ctx, 10, func(s []float64) { kept = s })
		for range 1000 {
			must(m.next(10, func() error { return nil }))
		}
		return read(kept)
	}},
	{Name: "slice-group", What: "a raw slice kept in a worker of a group, in which any panic ends the program", Kinds: shared, Pages: true, run: func(k Kind) error {
		g, survived := locked.NewGroup(k.share().ctx), false
		g.Go(func(ctx context.Context) error {
			var kept []float64
			sevens(ctx, 10, func(s []float64) { kept = s })
			err := scope.NoEscape(ctx, func(ctx context.Context) error {
				fill(scope.Make[float64](ctx, 10), -1)
				return seven(kept[3])
			})
			survived = true
			return err
		})
		err := g.Wait()
		if !survived {
			select {} // the worker's panic lets Wait return, and is about to end the program
		}
		return err
	}},
	{Name: "slice-bare-goroutine", What: "a stale raw slice in a goroutine without NoEscape, Try or Group", Pages: true, run: func(k Kind) error {
		var kept []float64
		return keepSlice(k, func(s []float64) { kept = s }, func() error {
			done := make(chan error)
			go func() { done <- seven(kept[3]) }()
			return <-done
		})
	}},
	{Name: "fault-elsewhere", What: "a fault that has nothing to do with buffers: the panic goes on as it was", Kinds: []Kind{Plain}, run: func(Kind) error {
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		var h *holder
		err := try(func() error { return scope.Try(func() error { return seven(h.slice[0]) }) })
		expect(err != nil && strings.HasPrefix(err.Error(), "runtime error: invalid memory address"), "it became %v", err)
		return nil
	}},
}

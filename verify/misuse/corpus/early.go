package corpus

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Replay is a buffer that takes single arrays back, and Regions one whose regions do.
const (
	Replay  Kind = "replay"
	Regions Kind = "replay, locked"
)

// releasing are the kinds of memory in which arrays are released before their scope ends, in the
// order of a table. Where the memory does not take them back, they last until then.
var releasing = append(Kinds[:len(Kinds):len(Kinds)], Replay, Regions)

// context returns a context with memory of the kind.
func (k Kind) context() context.Context {
	switch k {
	case Replay:
		return on(replay.New())
	case Regions:
		return on(locked.Share(bumper.NewSlabBuffer(), locked.Regions(replay.Regions(nil))))
	}
	return k.new().ctx
}

// inScope runs f in a scope of memory of the kind, and returns what it panics with, too.
func (k Kind) inScope(f func(ctx context.Context) error) error {
	return try(func() error { return scope.NoEscape(k.context(), f) })
}

// another fills an array with -1, in the memory of one that was released if that is handed out again.
func another(ctx context.Context) array { return allocarray.Full(ctx, -1.0, 10) }

// earlies are mistakes with arrays that are released before their scope ends.
var earlies = []Program{
	{Name: "array", What: "an array used after Release", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			x.Release(ctx)
			another(ctx)
			return at(x)
		})
	}},
	{Name: "view", What: "a view used after Release of its array", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			view := x.Slice(0, 2, 8)
			x.Release(ctx)
			another(ctx)
			return seven(allocarray.Max(view))
		})
	}},
	{Name: "long-after", What: "an array used when its memory has served 1000 others", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			x.Release(ctx)
			for range 1000 {
				another(ctx).Release(ctx)
			}
			another(ctx)
			return at(x)
		})
	}},
	{Name: "slice", What: "the Data() of an array, read after Release", Pages: true, run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			s := x.Data()
			x.Release(ctx)
			another(ctx)
			return read(s)
		})
	}},
	{Name: "slice-write", What: "the Data() of an array, written after Release", Pages: true, run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			s := x.Data()
			x.Release(ctx)
			y := another(ctx)
			err := scope.Try(func() error { s[3] = 7; return nil })
			expect(allocarray.Max(y) == -1, "another array was overwritten")
			return err
		})
	}},
	{Name: "in-map", What: "the function given to Map releases the operand", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			y := allocarray.Map(ctx, x, func(v float64) float64 {
				if x.Live() {
					x.Release(ctx)
					another(ctx)
				}
				return v
			})
			return at(y)
		})
	}},
	{Name: "twice", What: "an array released twice", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			x.Release(ctx)
			y := allocarray.Full(ctx, 7.0, 10)
			x.Release(ctx)
			return at(y)
		})
	}},
	{Name: "after-its-scope", What: "an array released after its scope", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			var x array
			_ = scope.NoEscape(ctx, func(ctx context.Context) error {
				x = allocarray.Full(ctx, 7.0, 10)
				return nil
			})
			x.Release(ctx)
			return errUnnoticed
		})
	}},
	{Name: "part", What: "a view of a part of an array released", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			x.Slice(0, 0, 5).Release(ctx)
			another(ctx)
			return at(x)
		})
	}},
	{Name: "foreign", What: "an array released that another buffer of the kind made", run: func(k Kind) error {
		return k.inScope(func(other context.Context) error {
			x := allocarray.Full(other, 7.0, 10)
			return k.inScope(func(ctx context.Context) error {
				x.Release(ctx)
				return nil
			})
		})
	}},
	{Name: "foreign-heap", What: "an array of a buffer released with the context of the Go heap", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			allocarray.Full(ctx, 7.0, 10).Release(context.Background())
			return nil
		})
	}},
	{Name: "moved", What: "an array used after the operation that it was moved to", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x, y := allocarray.Full(ctx, 7.0, 10), another(ctx)
			allocarray.Add(ctx, x.Move(), y)
			return at(x)
		})
	}},
	{Name: "moved-slice", What: "the Data() of an array, read after the operation that it was moved to", Pages: true, run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x, y := allocarray.Full(ctx, 7.0, 10), another(ctx)
			s := x.Data()
			allocarray.Add(ctx, x.Move(), y)
			return read(s)
		})
	}},
	{Name: "moved-kept", What: "what Move returned, kept and used by two operations", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			moved := x.Move()
			must(seven(allocarray.Max(moved)))
			another(ctx)
			return seven(allocarray.Max(moved))
		})
	}},
	{Name: "moved-at", What: "an element of what Move returned", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			return at(x.Move())
		})
	}},
	{Name: "moved-released", What: "an array released after it was moved", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			must(seven(allocarray.Max(x.Move())))
			y := allocarray.Full(ctx, 7.0, 10)
			x.Release(ctx)
			return at(y)
		})
	}},
	{Name: "moved-part", What: "a view of a part of an array moved", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x := allocarray.Full(ctx, 7.0, 10)
			must(seven(allocarray.Max(x.Slice(0, 0, 5).Move())))
			another(ctx)
			return at(x)
		})
	}},
	{Name: "moved-destination", What: "an array moved to the operation that writes to it", run: func(k Kind) error {
		return k.inScope(func(ctx context.Context) error {
			x, y := allocarray.Full(ctx, 3.5, 10), allocarray.Full(ctx, 3.5, 10)
			allocarray.AddInto(x, x.Move(), y)
			return at(x)
		})
	}},
}

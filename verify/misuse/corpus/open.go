package corpus

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

// ended uses what was allocated in a Scope after its End, while a later scope has
// filled the memory.
func ended[T any](alloc func(ctx context.Context) T, use func(kept T) error) func(k Kind) error {
	return func(k Kind) error {
		m := k.new()
		ctx, s := scope.Open(m.ctx)
		kept := alloc(ctx)
		must(s.End())
		return m.next(10, func() error { return use(kept) })
	}
}

var opens = []Program{
	{Name: "array-after-end", What: "an array used after the End of its Scope", run: ended(tenSevens, at)},
	{Name: "slice-after-end", What: "a raw slice used after the End of its Scope", Pages: true,
		run: ended(func(ctx context.Context) []float64 { return tenSevens(ctx).Data() }, read)},
	{Name: "builder-after-end", What: "a Builder used after the End of its Scope",
		run: ended(func(ctx context.Context) *scope.Builder[float64] { return scope.NewBuilder[float64](ctx, 10) },
			func(b *scope.Builder[float64]) error { b.Append(7); return errUnnoticed })},
	{Name: "builder-in-inner-scope", What: "a Builder that grows in a scope within its own (on a locked buffer it is right)", run: func(k Kind) error {
		return scope.NoEscape(k.new().ctx, func(ctx context.Context) error {
			b := scope.NewBuilder[float64](ctx, 8)
			b.Append(7)
			if err := scope.NoEscape(ctx, func(context.Context) error { b.Append(make([]float64, 99)...); return nil }); err != nil {
				return err
			}
			fill(scope.Make[float64](ctx, 100), -1)
			return seven(b.View()[0])
		})
	}},
	{Name: "body-too-long", What: "a body that is longer than its limit", run: func(k Kind) error {
		b := scope.NewBuilder[byte](k.new().ctx, 0)
		_, err := scope.ReadFrom(b, strings.NewReader("12345"), 4)
		expect(b.Len() <= 4, "%d bytes were read", b.Len())
		return err
	}},
	{Name: "out-of-order", What: "End of a Scope while a later one is open, which is not within it (on a locked buffer it is right)", run: func(k Kind) error {
		m := k.new()
		ctx, first := scope.Open(m.ctx)
		x := tenSevens(ctx)
		ctx, second := scope.Open(m.ctx)
		y := tenSevens(ctx)
		err := first.End()
		must(at(y))
		must(second.End())
		must(first.End())
		expect(!x.Live() && !y.Live(), "a scope has not ended")
		m.expectEmpty(k)
		return err
	}},
	{Name: "end-while-held", What: "End of a Scope of the unlocked buffer while a region of the same buffer is open: it ends with the region", Kinds: shared,
		run: func(k Kind) error {
			m := k.share()
			ctx, s := scope.Open(on(m.slabs))
			x := tenSevens(ctx)
			var err error
			must(scope.NoEscape(m.ctx, func(context.Context) error {
				err = s.End()
				return at(x)
			}))
			expect(!x.Live(), "the scope has not ended with the region")
			must(m.reset())
			return err
		}},
	{Name: "left-open", What: "a Scope that is open at the end of the NoEscape around it: it ends too, which on an unlocked buffer is reported", run: func(k Kind) error {
		m := k.new()
		var x array
		err := scope.NoEscape(m.ctx, func(ctx context.Context) error {
			ctx, _ = scope.Open(ctx)
			x = tenSevens(ctx)
			return nil
		})
		expect(!x.Live(), "the Scope has not ended")
		m.expectEmpty(k)
		return err
	}},
	{Name: "ended-twice", What: "a second End, while a later Scope is open: nothing happens", run: func(k Kind) error {
		m := k.new()
		_, first := scope.Open(m.ctx)
		must(first.End())
		ctx, second := scope.Open(m.ctx)
		x := tenSevens(ctx)
		err := cmp.Or(first.End(), at(x), second.End())
		m.expectEmpty(k)
		return err
	}},
	{Name: "context-after-end", What: "the context of a Scope used after its End, and 1000 scopes later: memory of the heap, counted as late", run: func(k Kind) error {
		m := k.new()
		ctx, s := scope.Open(m.ctx)
		must(s.End())
		x := tenSevens(ctx)
		for i := range 1000 {
			must(m.next(10, func() error {
				if i%100 == 0 {
					allocarray.Full(ctx, -2.0, 10)
				}
				return nil
			}))
		}
		expect(s.Late() == 11, "%d late allocations", s.Late())
		return at(x)
	}},
	{Name: "outer-context", What: "the context of a Scope used while one within it is open: on an unlocked buffer memory of the heap, counted as late", run: func(k Kind) error {
		m := k.new()
		ctx, outer := scope.Open(m.ctx)
		within, inner := scope.Open(ctx)
		x := tenSevens(ctx)
		allocarray.Full(within, -1.0, 10)
		must(inner.End())
		allocarray.Full(ctx, -1.0, 10)
		expect(k == Locked || outer.Late() == 1, "%d late allocations", outer.Late())
		err := at(x)
		must(outer.End())
		m.expectEmpty(k)
		return err
	}},
	{Name: "never-ended", What: "a Scope that nobody ends: told to scope.OnLeak after a garbage collection, with the place where it was opened; it ends", run: func(k Kind) error {
		m, places := k.new(), make(chan string, 10)
		scope.OnLeak(func(place string) { places <- place })
		defer scope.OnLeak(nil)
		x := forget(m.ctx)
		for range 1000 {
			runtime.GC()
			select {
			case place := <-places:
				expect(strings.Contains(place, "corpus.forget"), "the place is %s", place)
				_, s := scope.Open(m.ctx) // on an unlocked buffer, this is when the other ends
				must(s.End())
				expect(!x.Live(), "the Scope has not ended")
				m.expectEmpty(k)
				return errors.New("never ended: opened at " + place)
			case <-time.After(5 * time.Millisecond):
			}
		}
		return errUnnoticed
	}},
	{Name: "end-elsewhere", What: "End of a Scope on an unlocked buffer while another goroutine allocates from it (on a locked one it is right)", Kinds: withoutLock, Races: true, Cut: "at once",
		run: func(k Kind) error {
			src := slow{make(chan bool, 1), make(chan bool)}
			ctx, s := scope.Open(k.new(bumper.From(src)).ctx)
			said := make(chan error, 2)
			go func() { said <- try(func() error { scope.Make[float64](ctx, 10); return nil }) }()
			<-src.called // now that is in the middle of it
			go func() { said <- try(s.End) }()
			time.Sleep(20 * time.Millisecond) // now, likely, End too
			close(src.goOn)
			if err := errors.Join(<-said, <-said); err != nil {
				must(s.End())
				return err
			}
			return k.luck()
		}},
}

func tenSevens(ctx context.Context) array { return allocarray.Full(ctx, 7.0, 10) }

// forget opens a Scope and loses it. The array keeps neither it nor its context.
//
//go:noinline
func forget(ctx context.Context) array {
	ctx, _ = scope.Open(ctx)
	return tenSevens(ctx)
}

package corpus

import (
	"context"
	"errors"
	"runtime"
	"strings"

	"github.com/allocarrays/allocarrays-go/scope"
)

var errOops = errors.New("oops")

// ending runs a scope that end makes end, and expects that the buffer is empty
// afterwards and can be reset.
func ending(check func(err error), end func() error) func(k Kind) error {
	return func(k Kind) error {
		m := k.new()
		check(inGoroutine(func() error {
			return scope.NoEscape(m.ctx, func(ctx context.Context) error {
				scope.Make[float64](ctx, 10)
				return end()
			})
		}))
		m.expectEmpty(k)
		return nil
	}
}

func (m *buffer) expectEmpty(k Kind) {
	if m.front != nil {
		expect(m.front.Stats().Open == 0, "a region is open")
	} else if k != Isolating { // which moves on instead of going back
		expect(m.slabs.Stats().Used == 0, "%d bytes in use", m.slabs.Stats().Used)
	}
	must(m.reset())
}

var endings = []Program{
	{Name: "panic", What: "a panic inside a scope: the scope is released, the panic goes on",
		run: ending(func(err error) { expect(err == errOops, "the panic became %v", err) }, func() error { panic(errOops) })},
	{Name: "error", What: "an error from a scope: the scope is released, the error returned",
		run: ending(func(err error) { expect(err == errOops, "the error became %v", err) }, func() error { return errOops })},
	{Name: "goexit", What: "runtime.Goexit inside a scope: the scope is released", run: func(k Kind) error {
		m := k.new()
		done := make(chan bool)
		go func() {
			defer close(done)
			_ = scope.NoEscape(m.ctx, func(ctx context.Context) error {
				scope.Make[float64](ctx, 10)
				runtime.Goexit()
				return nil
			})
		}()
		<-done
		m.expectEmpty(k)
		return nil
	}},
	{Name: "panic-with-overrun", What: "a panic inside a scope in which something was overrun: the panic goes on, the next scope reports the overrun", Pages: true,
		run: func(k Kind) error {
			m := k.new()
			first := try(func() error {
				return scope.NoEscape(m.ctx, func(ctx context.Context) error {
					s := scope.Make[float64](ctx, 10)
					scope.Make[float64](ctx, 10)
					*beyond(s, 10) = 1
					panic(errOops)
				})
			})
			expect(first == errOops, "the panic became %v", first)
			err := try(func() error {
				return scope.NoEscape(m.ctx, func(context.Context) error { return nil })
			})
			if err == nil {
				return errUnnoticed
			}
			expect(strings.HasPrefix(err.Error(), "guard: write behind"), "%v", err)
			return err
		}},
}

package scope_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// lifetimes has the callbacks that an RPC library calls when a call begins and when its
// reply has been sent, which is after the handler has returned.
type lifetimes struct{ buffer *locked.Buffer }

type scopeKey struct{}

func (l lifetimes) Begin(ctx context.Context) context.Context {
	ctx, s := scope.Open(scope.WithAllocator(ctx, l.buffer))
	return context.WithValue(ctx, scopeKey{}, s)
}

func (l lifetimes) Sent(ctx context.Context) error {
	return ctx.Value(scopeKey{}).(*scope.Scope).End()
}

// No function encloses the life of an RPC: the reply, which is in the memory of the scope,
// is sent after the handler has returned.
func ExampleOpen() {
	calls := lifetimes{locked.Share(bumper.NewSlabBuffer())}

	ctx := calls.Begin(context.Background())
	reply := scope.Make[float64](ctx, 3) // the handler
	reply[0] = 42
	fmt.Println(reply, calls.buffer.Stats().Open) // the library sends it
	fmt.Println(calls.Sent(ctx))
	fmt.Println(calls.buffer.Stats().Open)
	// Output:
	// [42 0 0] 1
	// <nil>
	// 0
}

// Memory that is exhausted makes allocations panic, and nothing but Try encloses an Open.
func ExampleOpen_try() {
	ctx, s := scope.Open(scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(1024)))
	defer s.End()
	err := scope.Try(func() error {
		scope.Make[float64](ctx, 1000)
		return nil
	})
	fmt.Println(errors.Is(err, scope.ErrExhausted))
	// Output: true
}

// A request body of unknown length is read into the memory of the request.
func ExampleBuilder() {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	for _, body := range []string{"1 2 3", strings.Repeat("1 2 3 ", 1000)} {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			b := scope.NewBuilder[byte](ctx, 0)
			if _, err := scope.ReadFrom(b, strings.NewReader(body), 4096); err != nil {
				return err
			}
			fmt.Printf("%s\n", b.View())
			return nil
		})
		fmt.Println(err, errors.Is(err, scope.ErrTooLong))
	}
	// Output:
	// 1 2 3
	// <nil> false
	// scope: ReadFrom: input is longer than the limit of 4096 bytes true
}

// A test fails if a scope was never ended.
func ExampleOnLeak() {
	scope.OnLeak(func(place string) { panic("never ended: opened at " + place) })
	defer scope.OnLeak(nil)
	ctx, s := scope.Open(context.Background())
	scope.Make[float64](ctx, 10)
	fmt.Println(s.End(), scope.Leaks())
}

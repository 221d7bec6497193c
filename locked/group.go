package locked

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Group is a parallel region: goroutines that work on parts of one task and
// share one buffer. It is an errgroup.Group whose functions receive a context
// with a private region of the buffer, open for as long as the function runs.
// Until Wait has returned, the buffer cannot be reset.
//
// Make one with [NewGroup]; it must not be copied.
type Group struct {
	errs   *errgroup.Group
	ctx    context.Context
	unhold func()
}

// NewGroup returns a group below ctx, which usually carries a buffer from
// [WithLockedBumper]; ctx may also belong to a region, whose arrays then stay valid for
// the workers. If ctx carries no shared buffer, the functions allocate as ctx says.
// NewGroup panics if ctx carries a bump buffer without a lock, or any other allocator
// with checkpoints, because goroutines cannot share it. The context of the functions is
// cancelled when one of them returns an error or when Wait returns.
//
// Call Wait, even for a group without functions.
func NewGroup(ctx context.Context) *Group {
	g := &Group{unhold: hold(scope.AllocatorFrom(ctx))}
	g.errs, g.ctx = errgroup.WithContext(ctx)
	return g
}

// hold keeps the shared buffer behind a from being reset until unhold is called.
func hold(a scope.Allocator) (unhold func()) {
	if c, ok := memory.As[memory.Checkpointer](a); ok {
		panic(fmt.Sprintf("locked: NewGroup: the context's %T is not safe for goroutines; use WithLockedBumper", c))
	}
	shared, ok := memory.As[*Buffer](a)
	if !ok {
		return func() {}
	}
	shared.sharing.Hold()
	return sync.OnceFunc(shared.sharing.Unhold)
}

// Go calls fn in a new goroutine, in a region that [scope.NoEscape] opens: everything
// that fn allocates through its context is released when it returns. Scopes that fn
// opens with that context itself reuse one region and allocate nothing on the Go heap.
// The first error cancels the group's context, and Wait returns it. Go blocks while the
// limit of SetLimit is reached.
//
// As in errgroup, a panic in fn ends the program; but a panic of an allocation because
// memory is exhausted becomes fn's error.
func (g *Group) Go(fn func(context.Context) error) {
	g.errs.Go(func() error { return scope.NoEscape(g.ctx, fn) })
}

// TryGo calls Go if the limit allows another goroutine now, and reports whether it
// does.
func (g *Group) TryGo(fn func(context.Context) error) bool {
	return g.errs.TryGo(func() error { return scope.NoEscape(g.ctx, fn) })
}

// SetLimit limits the number of goroutines that run at the same time; negative means
// no limit. It must not be called while any goroutine of the group runs.
func (g *Group) SetLimit(n int) { g.errs.SetLimit(n) }

// Wait blocks until all functions have returned, ends the parallel region, and
// returns the first error.
func (g *Group) Wait() error {
	err := g.errs.Wait()
	g.unhold()
	return err
}

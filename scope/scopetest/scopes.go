package scopetest

import (
	"context"
	"errors"
	"runtime"

	"github.com/allocarrays/allocarrays-go/scope"
)

// An owner of blocks in a ledger, by how deep its scope stands.
const (
	outside = iota
	outerScope
	innerScope
)

// allocSome allocates a few blocks through ctx for owner.
func allocSome(ctx context.Context, l *Ledger, owner int) {
	for _, size := range []uintptr{1, 64, 1000, 4096} {
		_, err := l.Alloc(scope.AllocatorFrom(ctx).Alloc, owner, size, 8)
		require(err == nil, "Alloc(%d, 8): %v", size, err)
	}
}

func checkRelease(new func() scope.Allocator) {
	a, l := new(), &Ledger{}
	ctx := scope.WithAllocator(context.Background(), a)
	for range 3 {
		allocSome(ctx, l, outside)
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			allocSome(ctx, l, outerScope)
			for range 3 {
				require(nested(ctx, l) == nil, "NoEscape returns an error that fn did not")
				allocSome(ctx, l, outerScope)
			}
			return nil
		})
		require(err == nil, "NoEscape: %v", err)
		l.End(outerScope)
	}
}

// nested runs a scope within the outer one.
func nested(ctx context.Context, l *Ledger) error {
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		allocSome(ctx, l, innerScope)
		return nil
	})
	l.End(innerScope)
	return err
}

// errEnding is how the scopes of checkEndings end early.
var errEnding = errors.New("conformance: the scope ends early")

// endings are the ways in which a scope may end, each with a call that ends one
// that way and checks what comes out of it.
var endings = map[string]func(ctx context.Context, body func(context.Context)){
	"error": func(ctx context.Context, body func(context.Context)) {
		err := scope.NoEscape(ctx, func(ctx context.Context) error { body(ctx); return errEnding })
		require(err == errEnding, "NoEscape returns %v instead of fn's error", err)
	},
	"panic": func(ctx context.Context, body func(context.Context)) {
		v := panicOf(func() { _ = scope.NoEscape(ctx, func(ctx context.Context) error { body(ctx); panic(errEnding) }) })
		require(v == errEnding, "fn's panic arrives as %v", v)
	},
	"Goexit": func(ctx context.Context, body func(context.Context)) {
		inGoroutine(func() {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error { body(ctx); runtime.Goexit(); return nil })
			require(false, "runtime.Goexit ended in NoEscape")
		})
	},
	"exhausted": func(ctx context.Context, body func(context.Context)) {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			body(ctx)
			_ = scope.Make[uint64](ctx, int(^uint(0)>>4))
			return nil
		})
		require(errors.Is(err, scope.ErrExhausted), "exhausted memory arrives as %v", err)
	},
}

func checkEndings(new func() scope.Allocator) {
	for name, end := range endings {
		a, l := new(), &Ledger{}
		ctx := scope.WithAllocator(context.Background(), a)
		allocSome(ctx, l, outside)
		for range 3 {
			err := scope.NoEscape(ctx, func(ctx context.Context) error {
				allocSome(ctx, l, outerScope)
				end(ctx, func(ctx context.Context) { allocSome(ctx, l, innerScope) })
				l.End(innerScope)
				allocSome(ctx, l, outerScope)
				return nil
			})
			require(err == nil, "the scope around one that ended by %s: %v", name, err)
			l.End(outerScope)
		}
	}
}

func checkReuse(new func() scope.Allocator) {
	a, l := new(), &Ledger{}
	ctx := scope.WithAllocator(context.Background(), a)
	for i := range 4 * Room / 5000 { // what one scope allocates is more than 5000 bytes
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			allocSome(ctx, l, outerScope)
			return nested(ctx, l)
		})
		require(err == nil, "scope %d: %v", i, err)
		l.End(outerScope)
		if i%8 == 0 {
			*l = Ledger{dead: l.dead} // blocks of a heap need not pile up
		}
	}
}

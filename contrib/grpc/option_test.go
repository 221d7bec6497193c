package scopegrpc_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/allocarrays/allocarrays-go/bumper"
	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

func TestBuffer(t *testing.T) {
	buf := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
	assert.Equal(t, scope.Allocator(buf), scopegrpc.New(scopegrpc.Buffer(buf)).Allocator())
	panics(t, "does not isolate", func() {
		scopegrpc.New(scopegrpc.Buffer(locked.Share(bumper.NewSlabBuffer())))
	})
	panics(t, "use locked.Share", func() { scopegrpc.New(scopegrpc.Buffer(bumper.NewSlabBuffer())) })
	panics(t, "use locked.Share", func() {
		scopegrpc.New(scopegrpc.Fast(), scopegrpc.Buffer(bumper.NewAllocBuffer(1)))
	})
	panics(t, "scopegrpc: Buffer(nil)", func() { scopegrpc.Buffer(nil) })
	assert.NotPanics(t, func() { scopegrpc.New(scopegrpc.Buffer(scope.Heap())) })
}

// TestWrapper: a wrapper around a shared buffer, as of package meter, stays in force.
func TestWrapper(t *testing.T) {
	var count atomic.Int64
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Isolating()))
	h := scopegrpc.New(scopegrpc.Buffer(&wrapper{shared, &count}))
	conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
	require.NoError(t, conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message)))
	ended(t, h)
	assert.Equal(t, int64(1), count.Load())
	assert.Equal(t, uint64(1), shared.Stats().Regions)
	panics(t, "does not isolate", func() { scopegrpc.New(scopegrpc.Buffer(&wrapper{locked.Share(bumper.NewSlabBuffer()), &count})) })
	panics(t, "use locked.Share", func() { scopegrpc.New(scopegrpc.Buffer(&wrapper{bumper.NewSlabBuffer(), &count})) })
}

// wrapper counts allocations.
type wrapper struct {
	inner scope.Allocator
	count *atomic.Int64
}

func (w *wrapper) Alloc(size, align uintptr) (memory.Block, error) {
	w.count.Add(1)
	return w.inner.Alloc(size, align)
}
func (w *wrapper) Unwrap() scope.Allocator                      { return w.inner }
func (w *wrapper) Rewrap(inner scope.Allocator) scope.Allocator { return &wrapper{inner, w.count} }

// TestContext: the function of Context decides where an RPC's memory comes from, and sees
// the method and the metadata; values it adds reach the handler.
func TestContext(t *testing.T) {
	type key struct{}
	small := locked.Share(bumper.NewSlabBuffer(bumper.Limit(1 << 20)))
	h := scopegrpc.New(scopegrpc.Fast(), scopegrpc.Context(func(ctx context.Context, info *stats.RPCTagInfo) context.Context {
		assert.Equal(t, unaryMethod, info.FullMethodName)
		ctx = context.WithValue(ctx, key{}, "value")
		if tenant := metadata.ValueFromIncomingContext(ctx, "tenant"); len(tenant) == 1 && tenant[0] == "small" {
			return scope.WithAllocator(ctx, small)
		}
		return ctx
	}))
	conn := serve(t, &service{unary: func(ctx context.Context, _ *message) (*message, error) {
		scope.Make[byte](ctx, 2<<20)
		return wrapperspb.Bytes(nil), nil
	}}, h.ServerOptions()...)
	require.NoError(t, conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message)))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "tenant", "small")
	err := conn.Invoke(ctx, unaryMethod, request(1, 8), new(message))
	assert.Equal(t, codes.ResourceExhausted, codeOf(t, err))
	ended(t, h)
	assert.Equal(t, uint64(1), shared(t, h).Stats().Regions)
	assert.Equal(t, uint64(1), small.Stats().Refused)

	tagged := h.TagRPC(t.Context(), &stats.RPCTagInfo{FullMethodName: unaryMethod})
	assert.Nil(t, tagged.Value(key{}))
	h.HandleRPC(tagged, &stats.Begin{})
	assert.Equal(t, "value", tagged.Value(key{}))
	h.HandleRPC(tagged, &stats.End{})
}

// TestContextUnfit: the function of Context is held to what New is.
func TestContextUnfit(t *testing.T) {
	for part, a := range map[string]scope.Allocator{
		"bumper.SlabBuffer into the context of " + unaryMethod + ": goroutines cannot share it": bumper.NewSlabBuffer(),
		"it does not isolate": locked.Share(bumper.NewSlabBuffer()),
		"returned nil":        nil,
	} {
		h := scopegrpc.New(scopegrpc.Context(func(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
			if a == nil {
				return nil
			}
			return scope.WithAllocator(ctx, a)
		}))
		ctx := h.TagRPC(t.Context(), &stats.RPCTagInfo{FullMethodName: unaryMethod})
		panics(t, part, func() { h.HandleRPC(ctx, &stats.Begin{}) })
		assert.Zero(t, h.Open())
	}
}

// panics checks that f panics with a message of the package that contains part.
func panics(t *testing.T, part string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		s, ok := recover().(string)
		require.True(t, ok, "no panic with a message")
		assert.True(t, strings.HasPrefix(s, "scopegrpc: "), s)
		assert.Contains(t, s, part)
	}()
	f()
}

package scopegrpc_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/scope"
)

// recovering is an interceptor that recovers panics, as many servers have one.
func recovering(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (_ any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = status.Error(codes.Internal, fmt.Sprint(p))
		}
	}()
	return next(ctx, req)
}

// TestEnds: a scope lasts until its handler has returned, and no longer, whatever the
// client does and the handler comes to.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler func(ctx context.Context) error
		timeout time.Duration // of the client
		leave   string        // how the client leaves while the handler runs
		code    codes.Code
		outcome string
	}{
		{name: "return", outcome: "ok"},
		{name: "error", handler: func(context.Context) error { return status.Error(codes.NotFound, "no") }, code: codes.NotFound, outcome: "error"},
		{name: "plain error", handler: func(context.Context) error { return errors.New("no") }, code: codes.Unknown, outcome: "error"},
		{name: "panic", handler: func(context.Context) error { panic("no") }, code: codes.Internal, outcome: "panic"},
		{name: "Goexit", handler: func(context.Context) error { runtime.Goexit(); return nil }, timeout: 200 * time.Millisecond, code: codes.DeadlineExceeded, outcome: "panic"},
		{name: "deadline, heeded", handler: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, timeout: 20 * time.Millisecond, code: codes.DeadlineExceeded, outcome: "error"},
		{name: "deadline, not heeded", timeout: 20 * time.Millisecond, leave: "deadline", code: codes.DeadlineExceeded, outcome: "error"},
		{name: "cancel", leave: "cancel", code: codes.Canceled, outcome: "error"},
		{name: "disconnect", leave: "disconnect", code: codes.Canceled, outcome: "error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := scopegrpc.New(scopegrpc.Fast())
			entered, left := make(chan scope.Stamp, 1), make(chan struct{})
			s := &service{unary: func(ctx context.Context, _ *message) (*message, error) {
				mem, stamp, err := scope.Alloc[byte](ctx, 8)
				entered <- stamp
				if c.leave != "" {
					<-ctx.Done()
					<-left
					assert.True(t, stamp.Live())
					_, later, err := scope.Alloc[byte](ctx, 8) // its scope lasts, though the RPC's context is over
					assert.NoError(t, err)
					assert.Equal(t, stamp, later)
				}
				if err == nil && c.handler != nil {
					err = c.handler(ctx)
				}
				return wrapperspb.Bytes(mem), err
			}}
			conn := serve(t, s, append([]grpc.ServerOption{grpc.UnaryInterceptor(recovering)}, h.ServerOptions()...)...)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.timeout > 0 {
				ctx, cancel = context.WithTimeout(ctx, c.timeout)
				defer cancel()
			}
			result := make(chan error, 1)
			go func() { result <- conn.Invoke(ctx, unaryMethod, request(1, 8), new(message)) }()
			stamp := <-entered
			switch c.leave {
			case "cancel":
				cancel()
			case "disconnect":
				require.NoError(t, conn.Close())
			}
			err := <-result
			if c.leave != "" {
				assert.True(t, stamp.Live())
				assert.Equal(t, 1, h.Open())
				assert.Equal(t, 1, shared(t, h).Stats().Open)
			}
			close(left)
			assert.Equal(t, c.code, status.Code(err))
			ended(t, h)
			assert.False(t, stamp.Live())
			assert.Equal(t, uint64(1), h.Outcomes()[c.outcome], h.Outcomes())
			assert.Zero(t, shared(t, h).Stats().Used)
			assert.Zero(t, shared(t, h).Stats().Late)
		})
	}
}

// TestUnknownMethods: RPCs of unknown methods, which have no stats.End, leave nothing.
func TestUnknownMethods(t *testing.T) {
	h := scopegrpc.New()
	conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
	require.NoError(t, conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message)))
	ended(t, h)
	leaks, heap := scope.Leaks(), live()
	n := requests(100_000)
	call(t, n, func(i int) {
		method := []string{"/test.Service/Nothing", "/test.Nothing/Unary"}[i%2]
		err := conn.Invoke(t.Context(), method, request(1, 8), new(message))
		assert.Equal(t, codes.Unimplemented, status.Code(err))
	})
	ended(t, h)
	assert.Equal(t, 1, int(shared(t, h).Stats().Regions))
	assert.Equal(t, map[string]uint64{"ok": 1, "error": 0, "exhausted": 0, "panic": 0, "codec": 0}, h.Outcomes())
	assert.Less(t, int64(live())-int64(heap), int64(2<<20), "bytes kept after %d calls", n)
	assert.Equal(t, leaks, scope.Leaks())
}

// TestNothingAllocated: an RPC that allocates nothing opens no region.
func TestNothingAllocated(t *testing.T) {
	h := scopegrpc.New()
	conn := serve(t, &service{unary: func(context.Context, *message) (*message, error) { return wrapperspb.Bytes(nil), nil }}, h.ServerOptions()...)
	for range 10 {
		require.NoError(t, conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message)))
	}
	ended(t, h)
	assert.Zero(t, shared(t, h).Stats().Regions)
	assert.Equal(t, uint64(10), h.Outcomes()["ok"])
}

// TestClientSide: a Handler that is a client's stats.Handler opens no scopes.
func TestClientSide(t *testing.T) {
	h := scopegrpc.New()
	ctx := h.TagRPC(t.Context(), &stats.RPCTagInfo{FullMethodName: unaryMethod})
	h.HandleRPC(ctx, &stats.Begin{Client: true})
	assert.Equal(t, scope.Heap(), scope.AllocatorFrom(ctx))
	h.HandleRPC(ctx, &stats.End{Client: true})
	assert.Zero(t, h.Open())
	assert.Zero(t, h.Outcomes()["ok"])
}

// TestForeignContext: events of an RPC that the handler has not tagged are nobody's.
func TestForeignContext(t *testing.T) {
	h := scopegrpc.New()
	ctx := scopegrpc.New().TagRPC(t.Context(), &stats.RPCTagInfo{})
	for _, event := range []stats.RPCStats{&stats.InHeader{}, &stats.Begin{}, &stats.End{}} {
		h.HandleRPC(ctx, event)
		h.HandleRPC(t.Context(), event)
	}
	assert.Zero(t, h.Open())
	assert.Zero(t, h.Outcomes()["ok"])
	h.HandleRPC(h.TagRPC(t.Context(), &stats.RPCTagInfo{}), &stats.End{}) // without a Begin
	assert.Zero(t, h.Outcomes()["ok"])
}

// TestTwoHandlers: of two handlers the one given last is the one that handlers allocate
// from; both end their scopes.
func TestTwoHandlers(t *testing.T) {
	outer, inner := scopegrpc.New(), scopegrpc.New()
	conn := serve(t, &service{unary: fill}, append(outer.ServerOptions(), inner.ServerOptions()...)...)
	require.NoError(t, conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message)))
	ended(t, outer)
	ended(t, inner)
	assert.Zero(t, shared(t, outer).Stats().Regions)
	assert.Equal(t, uint64(1), shared(t, inner).Stats().Regions)
	assert.Equal(t, uint64(1), outer.Outcomes()["ok"])
}

// call calls f with 0 to n-1 from 16 goroutines.
func call(t testing.TB, n int, f func(i int)) {
	t.Helper()
	done := make(chan struct{})
	for g := range 16 {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := g; i < n; i += 16 {
				f(i)
			}
		}()
	}
	for range 16 {
		<-done
	}
}

// live returns how many bytes of the heap are in use.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

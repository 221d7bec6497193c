package scopegrpc_test

import (
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/allocarrays/allocarrays-go/bumper"
	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

var mixed = []uint64{8, 100_000, 64, 4096, 1024, 20_000, 256, 300_000}

// requests is how many requests a test sends: ALLOCARRAYS_REQUESTS, or most, or fewer where
// that would take long.
func requests(most int) int {
	if n, err := strconv.Atoi(os.Getenv("ALLOCARRAYS_REQUESTS")); err == nil {
		return n
	}
	if testing.Short() || testenv.Slow() {
		return most / 10
	}
	return most
}

// TestRepliesInScope: replies that lie in the scope arrive as they were written.
func TestRepliesInScope(t *testing.T) {
	for _, c := range []struct {
		name  string
		opts  []scopegrpc.Option
		serve func(testing.TB, *service, ...grpc.ServerOption) *grpc.ClientConn
	}{
		{"safe", nil, serve},
		{"fast", []scopegrpc.Option{scopegrpc.Fast()}, serve},
		{"fast, net/http", []scopegrpc.Option{scopegrpc.Fast()}, serveHTTP},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := scopegrpc.New(c.opts...)
			conn := c.serve(t, &service{unary: fill}, h.ServerOptions()...)
			n := requests(20_000)
			assert.Zero(t, load(t, conn, n, false, mixed))
			ended(t, h)
			assert.Equal(t, uint64(n), h.Outcomes()["ok"])
			assert.Equal(t, uint64(n), shared(t, h).Stats().Regions)
			assert.Zero(t, shared(t, h).Stats().Late)
		})
	}
}

// TestNaiveInterceptor: the test above finds foreign bytes where there are some.
func TestNaiveInterceptor(t *testing.T) {
	if testenv.Slow() {
		t.Skip("the race detector reports the race, and guard mode stops at it")
	}
	shared := locked.Share(bumper.NewSlabBuffer())
	naive := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (reply any, err error) {
		err = scope.NoEscape(scope.WithAllocator(ctx, shared), func(ctx context.Context) error {
			reply, err = next(ctx, req)
			return err
		})
		return reply, err
	}
	conn := serve(t, &service{unary: fill}, grpc.UnaryInterceptor(naive))
	assert.Positive(t, load(t, conn, 1_000_000, true, mixed))
}

// TestLateWriters: a goroutine that goes on writing through a raw slice after its RPC has
// ended does not reach another, unless Fast is given.
func TestLateWriters(t *testing.T) {
	var writers sync.WaitGroup
	var started atomic.Int64
	stop := make(chan struct{})
	defer writers.Wait()
	defer close(stop)
	h := scopegrpc.New()
	conn := serve(t, &service{unary: func(ctx context.Context, in *message) (*message, error) {
		out, err := fill(ctx, in)
		if err == nil && in.Value[0]%64 == 0 && started.Add(1) <= 200 {
			mine := scope.Make[byte](ctx, 4096)
			writers.Go(func() {
				for {
					write(mine, 0xdead)
					select {
					case <-stop:
						return
					case <-time.After(5 * time.Millisecond):
					}
				}
			})
		}
		return out, err
	}}, h.ServerOptions()...)
	assert.Zero(t, load(t, conn, requests(10_000), false, mixed))
	ended(t, h)
}

// TestLateAllocations: what is allocated with the context of an RPC that has ended comes
// from the heap, and is counted.
func TestLateAllocations(t *testing.T) {
	var kept context.Context
	h := scopegrpc.New(scopegrpc.Fast())
	conn := serve(t, &service{unary: func(ctx context.Context, _ *message) (*message, error) {
		kept = ctx
		_, stamp, err := scope.Alloc[byte](ctx, 8)
		assert.True(t, stamp.Live())
		return wrapperspb.Bytes(nil), err
	}}, h.ServerOptions()...)
	require.NoError(t, conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message)))
	ended(t, h)
	_, stamp, err := scope.Alloc[byte](kept, 8)
	require.NoError(t, err)
	assert.Equal(t, scope.Stamp{}, stamp)
	assert.Equal(t, uint64(1), shared(t, h).Stats().Late)
}

package scopegrpc_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/allocarrays/allocarrays-go/bumper"
	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestLimits: an RPC is refused by its own limit, its tenant's, that of the process or of
// the buffer, whichever it meets first; the message names it, and it is counted as such.
func TestLimits(t *testing.T) {
	process := meter.NewLimit(nil, "everybody", 8<<20)
	small := meter.NewLimit(process, "tenant small", 1<<20)
	byMetadata := func(ctx context.Context, info *stats.RPCTagInfo) *meter.Limit {
		assert.Equal(t, unaryMethod, info.FullMethodName)
		if names := metadata.ValueFromIncomingContext(ctx, "tenant"); len(names) == 1 && names[0] == "small" {
			return small
		}
		return nil
	}
	h := scopegrpc.New(scopegrpc.Limit(6<<20), scopegrpc.Tenant(byMetadata), scopegrpc.Within(process),
		scopegrpc.Fast(), scopegrpc.Buffer(locked.Share(bumper.NewSlabBuffer(bumper.Limit(32<<20)))))
	conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
	held := meter.NewLimit(process, "others", 0)
	taken, err := meter.Source(held, bumper.GoHeap()).Acquire(4 << 20) // so that 4 MiB of the process are left
	require.NoError(t, err)
	require.Len(t, taken, 4<<20)

	for _, c := range []struct {
		tenant string
		size   uint64
		names  string
	}{
		{"", 2 << 20, ""},
		{"small", 500 << 10, ""},
		{"", 7 << 20, `"rpc"`},
		{"small", 2 << 20, "tenant small"},
		{"", 5 << 20, "everybody"},
		{"small", 7 << 20, `"rpc"`},
	} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "tenant", c.tenant)
		reply := new(message)
		err := conn.Invoke(ctx, unaryMethod, request(1, c.size), reply)
		if c.names == "" {
			require.NoError(t, err)
			assert.False(t, foreign(reply.Value, 1))
			continue
		}
		assert.Equal(t, codes.ResourceExhausted, codeOf(t, err))
		assert.ErrorContains(t, err, c.names)
		assert.ErrorContains(t, err, strconv.Itoa(int(c.size))+" bytes requested")
	}
	ended(t, h)
	assert.Equal(t, map[string]uint64{"own": 2, "tenant": 1, "process": 1}, h.Exhausted())
	assert.Equal(t, uint64(4), h.Outcomes()["exhausted"])
	assert.Equal(t, 4<<20, process.Stats().Used)
	atMost, count, sum := h.Peaks()
	assert.Equal(t, uint64(6), count)
	assert.Equal(t, uint64(4), atMost[1<<10], "that were refused")
	assert.Equal(t, uint64(4), atMost[1<<18])
	assert.Equal(t, uint64(5), atMost[1<<20])
	assert.Equal(t, uint64(6), atMost[1<<22])
	assert.Greater(t, sum, 2.5e6)
	assert.Less(t, sum, 4.5e6)
}

// TestBufferLimit: the limit of the buffer itself is the process's.
func TestBufferLimit(t *testing.T) {
	h := scopegrpc.New(scopegrpc.Fast(), scopegrpc.Buffer(locked.Share(bumper.NewSlabBuffer(bumper.Limit(1<<20)))))
	conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
	assert.Equal(t, codes.ResourceExhausted, codeOf(t, conn.Invoke(t.Context(), unaryMethod, request(1, 2<<20), new(message))))
	ended(t, h)
	assert.Equal(t, map[string]uint64{"own": 0, "tenant": 0, "process": 1}, h.Exhausted())
	_, count, _ := h.Peaks()
	assert.Zero(t, count)
}

// TestContextLimits: an allocator that the function of Context has set replaces limits.
func TestContextLimits(t *testing.T) {
	h := scopegrpc.New(scopegrpc.Limit(1<<20), scopegrpc.Context(func(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
		return scope.WithAllocator(ctx, scope.Heap())
	}))
	conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
	assert.NoError(t, conn.Invoke(t.Context(), unaryMethod, request(1, 2<<20), new(message)))
	ended(t, h)
}

func TestLimitMisuse(t *testing.T) {
	panics(t, "Limit(0)", func() { scopegrpc.Limit(0) })
	panics(t, "Within(nil)", func() { scopegrpc.Within(nil) })
	panics(t, "Tenant(nil)", func() { scopegrpc.Tenant(nil) })
}

// TestPeaks: a peak counts for each bound that it does not exceed.
func TestPeaks(t *testing.T) {
	h := scopegrpc.New(scopegrpc.Limit(1<<20), scopegrpc.Fast())
	conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
	for range 3 {
		require.NoError(t, conn.Invoke(t.Context(), unaryMethod, request(1, 60<<10), new(message)))
	}
	ended(t, h)
	require.NoError(t, conn.Invoke(t.Context(), unaryMethod, request(1, 0), new(message)))
	ended(t, h)
	atMost, count, sum := h.Peaks()
	assert.Len(t, atMost, 11)
	assert.Equal(t, uint64(4), count)
	assert.Equal(t, uint64(1), atMost[1<<14])
	assert.Equal(t, uint64(4), atMost[1<<18])
	assert.Equal(t, uint64(4), atMost[1<<30])
	assert.GreaterOrEqual(t, sum, float64(180<<10))
}

// TestReserve: a handler may wait until other RPCs have released enough.
func TestReserve(t *testing.T) {
	h := scopegrpc.New(scopegrpc.Fast(), scopegrpc.Within(meter.NewLimit(nil, "process", 4<<20)))
	holding, release := make(chan struct{}), make(chan struct{})
	conn := serve(t, &service{unary: func(ctx context.Context, in *message) (*message, error) {
		if err := scope.Reserve(ctx, 3<<20); err != nil {
			return nil, err
		}
		if in.Value[0] == 1 {
			scope.Make[byte](ctx, 3<<20)
			close(holding)
			<-release
		}
		return fill(ctx, in)
	}}, h.ServerOptions()...)
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message)) }()
	<-holding
	free := sync.OnceFunc(func() { close(release) })
	defer free() // also if the test fails, so that the server can stop
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := conn.Invoke(ctx, unaryMethod, request(2, 8), new(message)) // whoever notices the deadline first
	assert.Contains(t, []codes.Code{codes.DeadlineExceeded, codes.ResourceExhausted}, codeOf(t, err))
	require.Eventually(t, func() bool { return h.Open() == 1 }, 10*time.Second, time.Millisecond)
	go func() { second <- conn.Invoke(t.Context(), unaryMethod, request(3, 3<<20), new(message)) }()
	require.Eventually(t, func() bool { return h.Open() == 2 }, 10*time.Second, time.Millisecond)
	free()
	assert.NoError(t, <-first)
	assert.NoError(t, <-second)
	ended(t, h)
}

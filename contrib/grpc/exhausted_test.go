package scopegrpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/allocarrays/allocarrays-go/bumper"
	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestExhausted: memory that is exhausted, as a panic or an error, is ResourceExhausted
// with the numbers, in RPCs and streams; the handler may choose another status; and the
// buffer is as good as new afterwards.
func TestExhausted(t *testing.T) {
	makes := func(ctx context.Context) error { scope.Make[byte](ctx, 2<<20); return nil }
	allocs := func(ctx context.Context) error { _, _, err := scope.Alloc[byte](ctx, 2<<20); return err }
	wraps := func(ctx context.Context) error { return fmt.Errorf("predict: %w", allocs(ctx)) }
	nested := func(ctx context.Context) error { return scope.NoEscape(ctx, makes) }
	own := func(ctx context.Context) error { return status.Error(codes.Unavailable, allocs(ctx).Error()) }
	both := func(ctx context.Context) error { return &unavailable{allocs(ctx)} }
	for _, c := range []struct {
		name    string
		fn      func(context.Context) error
		code    codes.Code
		outcome string
	}{
		{"panic", makes, codes.ResourceExhausted, "exhausted"},
		{"error", allocs, codes.ResourceExhausted, "exhausted"},
		{"wrapped", wraps, codes.ResourceExhausted, "exhausted"},
		{"nested", nested, codes.ResourceExhausted, "exhausted"},
		{"own status", own, codes.Unavailable, "error"},
		{"own status of it", both, codes.Unavailable, "exhausted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			buf := locked.Share(bumper.NewSlabBuffer(bumper.Limit(1 << 20)))
			h := scopegrpc.New(scopegrpc.Buffer(buf), scopegrpc.Fast())
			s := &service{
				unary: func(ctx context.Context, _ *message) (*message, error) {
					return wrapperspb.Bytes(nil), c.fn(ctx)
				},
				stream: func(s stream) error { return c.fn(s.Context()) },
			}
			conn := serve(t, s, append([]grpc.ServerOption{grpc.UnaryInterceptor(recovering)}, h.ServerOptions()...)...)
			err := conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message))
			assert.Equal(t, c.code, codeOf(t, err))
			assert.ErrorContains(t, err, "2097152") // what was requested
			assert.ErrorContains(t, err, "1048576") // the limit

			client, err := conn.NewStream(t.Context(), &description.Streams[0], streamMethod)
			require.NoError(t, err)
			err = client.RecvMsg(new(message))
			assert.Equal(t, c.code, codeOf(t, err))
			assert.ErrorContains(t, err, "2097152")
			ended(t, h)
			assert.Equal(t, uint64(2), h.Outcomes()[c.outcome], h.Outcomes())

			require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), buf), func(ctx context.Context) error {
				scope.Make[byte](ctx, 900<<10)
				return nil
			}))
		})
	}
}

// unavailable is an error with a status of its own.
type unavailable struct{ error }

func (e *unavailable) GRPCStatus() *status.Status { return status.New(codes.Unavailable, e.Error()) }
func (e *unavailable) Unwrap() error              { return e.error }

// TestRecoveredFirst: without the handler's interceptors exhausted memory is a panic like
// any other, and the scope ends all the same.
func TestRecoveredFirst(t *testing.T) {
	h := scopegrpc.New(scopegrpc.Fast(), scopegrpc.Buffer(locked.Share(bumper.NewSlabBuffer(bumper.Limit(1<<20)))))
	conn := serve(t, &service{unary: func(ctx context.Context, _ *message) (*message, error) {
		scope.Make[byte](ctx, 1000)
		scope.Make[byte](ctx, 2<<20)
		return nil, nil
	}}, grpc.StatsHandler(h), grpc.UnaryInterceptor(recovering))
	assert.Equal(t, codes.Internal, codeOf(t, conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message))))
	ended(t, h)
	assert.Equal(t, uint64(1), h.Outcomes()["error"])
}

// TestInterceptorsAlone: without the stats.Handler the interceptors still turn exhausted
// memory into a status.
func TestInterceptorsAlone(t *testing.T) {
	h := scopegrpc.New(scopegrpc.Fast())
	buf := locked.Share(bumper.NewSlabBuffer(bumper.Limit(1 << 20)))
	exhaust := func(ctx context.Context) error {
		return scope.NoEscape(scope.WithAllocator(ctx, buf), func(ctx context.Context) error { scope.Make[byte](ctx, 2<<20); return nil })
	}
	opts := h.ServerOptions()[1:]
	conn := serve(t, &service{
		unary:  func(ctx context.Context, _ *message) (*message, error) { return nil, exhaust(ctx) },
		stream: func(s stream) error { return exhaust(s.Context()) },
	}, opts...)
	assert.Equal(t, codes.ResourceExhausted, codeOf(t, conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message))))
	client, err := conn.NewStream(t.Context(), &description.Streams[0], streamMethod)
	require.NoError(t, err)
	err = client.RecvMsg(new(message))
	assert.False(t, errors.Is(err, io.EOF))
	assert.Equal(t, codes.ResourceExhausted, codeOf(t, err))
}

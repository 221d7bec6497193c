package scopegrpc_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/allocarrays/allocarrays-go/bumper"
	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestChaos: under a load of replies of all sizes, cancelled RPCs, passed deadlines,
// handlers that panic, that ask for more than there is and that leave writers behind, each
// reply is its own, each error one that is meant, and nothing is left, also when the server
// is stopped in the middle.
func TestChaos(t *testing.T) {
	const limit = 512 << 20
	for _, c := range []struct {
		name string
		opts []scopegrpc.Option
		safe bool
	}{
		{"safe", []scopegrpc.Option{scopegrpc.Buffer(locked.Share(bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(limit))))}, true},
		{"fast", []scopegrpc.Option{scopegrpc.Buffer(locked.Share(bumper.NewSlabBuffer(bumper.Limit(limit)))), scopegrpc.Fast()}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var late sync.WaitGroup
			h := scopegrpc.New(c.opts...)
			s := &service{unary: func(ctx context.Context, in *message) (*message, error) {
				out, err := fill(ctx, in)
				if err != nil {
					return nil, err
				}
				switch binary.LittleEndian.Uint64(in.Value) % 16 {
				case 1:
					panic("chaos")
				case 2:
					scope.Make[byte](ctx, 2*limit)
				case 3:
					<-ctx.Done()                 // the client has a deadline
					write(out.Value, pattern(3)) // too late for anybody
					return nil, ctx.Err()
				case 4:
					if c.safe {
						mine := scope.Make[byte](ctx, 1000)
						late.Go(func() { time.Sleep(time.Millisecond); write(mine, 0xdead) })
					}
				}
				return out, nil
			}, stream: each}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			server := grpc.NewServer(append([]grpc.ServerOption{grpc.ChainUnaryInterceptor(recovering)}, h.ServerOptions()...)...)
			server.RegisterService(&description, s)
			var serving, clients sync.WaitGroup
			serving.Go(func() { _ = server.Serve(l) })
			conn := dial(t, l.Addr().String(), insecure.NewCredentials())

			var next, stopped atomic.Int64
			n := requests(4000)
			for g := range 16 {
				clients.Go(func() {
					random := rand.New(rand.NewPCG(1, uint64(g)))
					for stopped.Load() == 0 {
						i := uint64(next.Add(1))
						if i == uint64(n) {
							stopped.Store(1)
							server.Stop()
							return
						}
						chaos(t, conn, i, random, &stopped)
					}
				})
			}
			clients.Wait()
			serving.Wait()
			late.Wait()
			ended(t, h)
			assert.Zero(t, shared(t, h).Stats().Late)
			outcomes := h.Outcomes()
			for _, name := range []string{"ok", "error", "panic", "exhausted"} {
				assert.NotZero(t, outcomes[name], name)
			}
		})
	}
}

// chaos is one request, and the check of its result.
func chaos(t *testing.T, conn *grpc.ClientConn, i uint64, random *rand.Rand, stopped *atomic.Int64) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	size := uint64(8) << random.IntN(15) // to 128 KiB
	if random.IntN(100) == 0 {
		size = 4 << 20
	}
	want := codes.OK
	switch i % 16 {
	case 1:
		want = codes.Internal
	case 2:
		want = codes.ResourceExhausted
	case 3:
		ctx, cancel = context.WithTimeout(ctx, 2*time.Millisecond)
		defer cancel()
		want = codes.DeadlineExceeded
	case 5:
		time.AfterFunc(time.Duration(random.IntN(500))*time.Microsecond, cancel)
		want = codes.Canceled
	}
	reply := new(message)
	err := conn.Invoke(ctx, unaryMethod, request(i, size), reply)
	code := status.Code(err)
	if stopped.Load() != 0 && code == codes.Unavailable || i%16 == 5 && code == codes.OK {
		want = code
	}
	assert.Equal(t, want, code, "%d: %v", i, err)
	if code == codes.OK {
		assert.Len(t, reply.Value, int(size))
		assert.False(t, foreign(reply.Value, i), "request %d has foreign bytes", i)
	}
}

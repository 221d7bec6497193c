package scopegrpc_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	message = wrapperspb.BytesValue
	stream  = grpc.BidiStreamingServer[message, message]
)

// service is what the tests call: one unary method and one stream.
type service struct {
	unary  func(context.Context, *message) (*message, error)
	stream func(stream) error
}

const (
	unaryMethod  = "/test.Service/Unary"
	streamMethod = "/test.Service/Stream"
)

var description = grpc.ServiceDesc{
	ServiceName: "test.Service",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Unary",
		Handler: func(srv any, ctx context.Context, decode func(any) error, i grpc.UnaryServerInterceptor) (any, error) {
			in := new(message)
			if err := decode(in); err != nil {
				return nil, err
			}
			call := func(ctx context.Context, req any) (any, error) {
				return srv.(*service).unary(ctx, req.(*message))
			}
			if i == nil {
				return call(ctx, in)
			}
			return i(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: unaryMethod}, call)
		},
	}},
	Streams: []grpc.StreamDesc{{
		StreamName: "Stream", ServerStreams: true, ClientStreams: true,
		Handler: func(srv any, ss grpc.ServerStream) error {
			return srv.(*service).stream(&grpc.GenericServerStream[message, message]{ServerStream: ss})
		},
	}},
}

// serve serves s on loopback until the test ends, and returns a client of it.
func serve(t testing.TB, s *service, opts ...grpc.ServerOption) *grpc.ClientConn {
	t.Helper()
	return serveService(t, &description, s, opts...)
}

func serveService(t testing.TB, d *grpc.ServiceDesc, s any, opts ...grpc.ServerOption) *grpc.ClientConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(append(opts, grpc.WaitForHandlers(true))...)
	server.RegisterService(d, s)
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() { server.Stop(); done.Wait() })
	return dial(t, l.Addr().String(), insecure.NewCredentials())
}

// serveHTTP is serve with the HTTP/2 of package net/http.
func serveHTTP(t testing.TB, s *service, opts ...grpc.ServerOption) *grpc.ClientConn {
	t.Helper()
	server := grpc.NewServer(append(opts, grpc.WaitForHandlers(true))...)
	server.RegisterService(&description, s)
	h := httptest.NewUnstartedServer(server)
	h.EnableHTTP2 = true
	h.StartTLS()
	t.Cleanup(func() { h.Close(); server.Stop() })
	config := h.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	return dial(t, h.Listener.Addr().String(), credentials.NewTLS(config))
}

func dial(t testing.TB, address string, c credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(c),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// pattern is the word that the reply to a request consists of.
func pattern(request uint64) uint64 { return request*0x9e3779b97f4a7c15 | 1 }

// fill returns a reply of the scope of ctx, full of the pattern of its request.
func fill(ctx context.Context, in *message) (*message, error) {
	request, size := binary.LittleEndian.Uint64(in.Value), binary.LittleEndian.Uint64(in.Value[8:])
	out := scope.Make[byte](ctx, int(size))
	write(out, pattern(request))
	return wrapperspb.Bytes(out), nil
}

func write(mem []byte, word uint64) {
	for ; len(mem) >= 8; mem = mem[8:] {
		binary.LittleEndian.PutUint64(mem, word)
	}
}

func request(number, size uint64) *message {
	b := binary.LittleEndian.AppendUint64(nil, number)
	return wrapperspb.Bytes(binary.LittleEndian.AppendUint64(b, size))
}

// foreign reports whether a reply has anything but the pattern of its request.
func foreign(reply []byte, request uint64) bool {
	for ; len(reply) >= 8; reply = reply[8:] {
		if binary.LittleEndian.Uint64(reply) != pattern(request) {
			return true
		}
	}
	return false
}

// load calls the unary method, with replies of these sizes in turn, from 16 goroutines, and
// returns how many replies had foreign bytes. It stops after n requests, or with the first
// such reply if untilForeign is set.
func load(t testing.TB, conn *grpc.ClientConn, n int, untilForeign bool, sizes []uint64, opts ...grpc.CallOption) int {
	t.Helper()
	var next, bad atomic.Int64
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			reply := new(message)
			for {
				i := uint64(next.Add(1))
				if i > uint64(n) || untilForeign && bad.Load() > 0 {
					return
				}
				size := sizes[i%uint64(len(sizes))]
				if !assert.NoError(t, conn.Invoke(t.Context(), unaryMethod, request(i, size), reply, opts...)) ||
					!assert.Len(t, reply.Value, int(size)) {
					return
				}
				if foreign(reply.Value, i) {
					bad.Add(1)
				}
			}
		})
	}
	clients.Wait()
	return int(bad.Load())
}

// shared is the buffer of a handler.
func shared(t testing.TB, h *scopegrpc.Handler) *locked.Buffer {
	b, ok := locked.From(scope.WithAllocator(context.Background(), h.Allocator()))
	require.True(t, ok)
	return b
}

// ended waits until every RPC has ended, and the buffer has no open region.
func ended(t testing.TB, h *scopegrpc.Handler) {
	t.Helper()
	require.Eventually(t, func() bool { return h.Open() == 0 && shared(t, h).Stats().Open == 0 }, 10*time.Second, time.Millisecond)
}

func codeOf(t testing.TB, err error) codes.Code {
	t.Helper()
	require.Error(t, err)
	return status.Code(err)
}

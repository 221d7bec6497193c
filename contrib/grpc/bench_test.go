package scopegrpc_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
)

// BenchmarkRPC is a unary RPC on loopback: without a Handler and a reply from the Go heap;
// and with one, whose reply lies in the scope, or whose RPC allocates nothing.
func BenchmarkRPC(b *testing.B) {
	empty := func(context.Context, *message) (*message, error) { return wrapperspb.Bytes(nil), nil }
	for _, size := range []uint64{64, 64 << 10, 1 << 20} {
		for _, c := range []struct {
			name  string
			opts  []grpc.ServerOption
			unary func(context.Context, *message) (*message, error)
		}{
			{"heap", nil, fill},
			{"fast", scopegrpc.New(scopegrpc.Fast()).ServerOptions(), fill},
			{"safe", scopegrpc.New().ServerOptions(), fill},
			{"empty,heap", nil, empty},
			{"empty,otherstats", []grpc.ServerOption{grpc.StatsHandler(noStats{})}, empty},
			{"empty,fast", scopegrpc.New(scopegrpc.Fast()).ServerOptions(), empty},
		} {
			b.Run(c.name+"/"+sizeName(size), func(b *testing.B) {
				conn := serve(b, &service{unary: c.unary}, c.opts...)
				b.ReportAllocs()
				b.SetParallelism(8)
				b.RunParallel(func(pb *testing.PB) {
					reply := new(message)
					for i := uint64(0); pb.Next(); i++ {
						require.NoError(b, conn.Invoke(context.Background(), unaryMethod, request(i, size), reply))
					}
				})
			})
		}
	}
}

type noStats struct{}

func (noStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (noStats) HandleRPC(context.Context, stats.RPCStats)                         {}
func (noStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (noStats) HandleConn(context.Context, stats.ConnStats)                       {}

func sizeName(n uint64) string {
	switch n {
	case 64:
		return "64B"
	case 64 << 10:
		return "64KiB"
	}
	return "1MiB"
}

// BenchmarkEvents is what a Handler adds to an RPC that allocates nothing.
func BenchmarkEvents(b *testing.B) {
	h := scopegrpc.New(scopegrpc.Fast())
	info := &stats.RPCTagInfo{FullMethodName: unaryMethod}
	begin, end := &stats.Begin{}, &stats.End{}
	b.ReportAllocs()
	for b.Loop() {
		ctx := h.TagRPC(context.Background(), info)
		h.HandleRPC(ctx, begin)
		h.HandleRPC(ctx, end)
	}
}

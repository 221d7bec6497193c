package scopegrpc_test

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/allocarrays/allocarrays-go/bumper"
	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A healthService allocates in the scope of its RPC.
type healthService struct{ *health.Server }

func (healthService) Check(ctx context.Context, in *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	scope.Make[float64](ctx, 100_000)
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, nil
}

// A server whose RPCs share a buffer of at most 512 KiB: one that needs more is refused.
func Example() {
	buf := locked.Share(bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(512<<10)))
	h := scopegrpc.New(scopegrpc.Buffer(buf))
	server := grpc.NewServer(h.ServerOptions()...)
	healthpb.RegisterHealthServer(server, healthService{health.NewServer()})

	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go server.Serve(l)
	conn, _ := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	_, err := healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(status.Code(err))
	conn.Close()
	server.GracefulStop()
	fmt.Println(h.Outcomes()["exhausted"], "exhausted,", h.Open(), "open")
	// Output:
	// ResourceExhausted
	// 1 exhausted, 0 open
}

// One method may hold 16 MiB in all its RPCs together, each tenant of the others 64 MiB; and
// no RPC more than 8 MiB.
func ExampleTenant() {
	process := meter.NewLimit(nil, "process", 512<<20)
	train := meter.NewLimit(process, "training", 16<<20)
	tenants := map[string]*meter.Limit{"a": meter.NewLimit(process, "a", 64<<20), "b": meter.NewLimit(process, "b", 64<<20)}
	h := scopegrpc.New(
		scopegrpc.Within(process),
		scopegrpc.Limit(8<<20),
		scopegrpc.Tenant(func(ctx context.Context, info *stats.RPCTagInfo) *meter.Limit {
			if info.FullMethodName == "/model.Service/Train" {
				return train
			}
			return tenants[tenantOf(ctx)]
		}),
	)
	server := grpc.NewServer(h.ServerOptions()...)
	server.Stop()
}

// tenantOf returns who the client is by its certificate.
func tenantOf(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return ""
	}
	tls, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(tls.State.PeerCertificates) == 0 {
		return ""
	}
	return tls.State.PeerCertificates[0].Subject.CommonName
}

// Each message of a stream has a scope of its own.
func ExampleEach() {
	double := func(s grpc.BidiStreamingServer[wrapperspb.BytesValue, wrapperspb.BytesValue]) error {
		return scopegrpc.Each(s, func(ctx context.Context, in *wrapperspb.BytesValue) error {
			out := scope.Make[byte](ctx, 2*len(in.Value))
			copy(out[copy(out, in.Value):], in.Value)
			return s.Send(wrapperspb.Bytes(out)) // encoded before the scope ends
		})
	}
	_ = double
}

// A codec that returns the message's own memory is made to copy.
func ExampleForceCodec() {
	h := scopegrpc.New(scopegrpc.Fast(), scopegrpc.ForceCodec(aliasing{"raw"}))
	server := grpc.NewServer(h.ServerOptions()...)
	server.Stop()
}

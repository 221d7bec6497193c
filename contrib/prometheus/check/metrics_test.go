package check_test

import (
	"context"
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	scopeprom "github.com/allocarrays/allocarrays-go/contrib/prometheus"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

type service struct{ *health.Server }

func (service) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	scope.Make[byte](ctx, 1000)
	return &healthpb.HealthCheckResponse{}, nil
}

// TestServer: the metrics of a gRPC server, as the README has them.
func TestServer(t *testing.T) {
	handler := scopegrpc.New()
	server := grpc.NewServer(handler.ServerOptions()...)
	healthpb.RegisterHealthServer(server, service{health.NewServer()})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(l)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	for range 3 {
		_, err = healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
		require.NoError(t, err)
	}
	require.NoError(t, conn.Close())
	server.GracefulStop()

	shared := handler.Allocator().(*locked.Buffer)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(scopeprom.New(
		scopeprom.Process(),
		scopeprom.Buffer("inference", shared),
		scopeprom.Scopes("rpc", handler),
	))
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	assert.Empty(t, problems)
	families, err := registry.Gather()
	require.NoError(t, err)
	outcomes := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch f.GetName() {
			case "allocarrays_scopes_total":
				outcomes[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			case "allocarrays_buffer_regions_total":
				assert.Equal(t, 3.0, m.GetCounter().GetValue())
			}
		}
	}
	assert.Equal(t, map[string]float64{"ok": 3, "error": 0, "exhausted": 0, "panic": 0, "codec": 0}, outcomes)
}

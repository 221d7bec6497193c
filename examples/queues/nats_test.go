package queues_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

func consumeNATS(ctx context.Context, conn *nats.Conn, handle func(context.Context, []byte) error, failed func(error)) (*nats.Subscription, error) {
	ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer()) // a subscription calls from one goroutine
	return conn.QueueSubscribe("numbers", "workers", func(m *nats.Msg) {
		if err := scope.NoEscape(ctx, func(ctx context.Context) error { return handle(ctx, m.Data) }); err != nil {
			failed(err)
		}
	})
}

func TestNATS(t *testing.T) {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	require.NoError(t, err)
	srv.Start()
	defer srv.Shutdown()
	require.True(t, srv.ReadyForConnections(10*time.Second))
	conn, err := nats.Connect(srv.ClientURL())
	require.NoError(t, err)
	defer conn.Close()
	out := make(chan float64)
	for range 2 { // each subscription has a goroutine and a buffer
		_, err = consumeNATS(t.Context(), conn, handle(out), func(err error) { t.Error(err) })
		require.NoError(t, err)
	}
	for i := range messages {
		require.NoError(t, conn.Publish("numbers", number(i)))
	}
	complete(t, out)
}

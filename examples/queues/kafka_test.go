package queues_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

func consumeKafka(ctx context.Context, client *kgo.Client, handle func(context.Context, []byte) error) error {
	ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer()) // one loop, one buffer
	for ctx.Err() == nil {
		for r := range client.PollFetches(ctx).RecordsAll() {
			err := scope.NoEscape(ctx, func(ctx context.Context) error { return handle(ctx, r.Value) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func TestKafka(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.SeedTopics(1, "numbers"))
	require.NoError(t, err)
	defer cluster.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics("numbers"), kgo.FetchMaxWait(100*time.Millisecond))
	require.NoError(t, err)
	defer client.Close()
	for i := range messages {
		require.NoError(t, client.ProduceSync(t.Context(), &kgo.Record{Topic: "numbers", Value: number(i)}).FirstErr())
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, done := make(chan float64), make(chan error)
	go func() { done <- consumeKafka(ctx, client, handle(out)) }()
	complete(t, out)
	cancel()
	require.NoError(t, <-done)
}

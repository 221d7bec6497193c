package queues_test

import (
	"context"
	"io"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

func scoped(next asynq.Handler) asynq.Handler {
	buffer := locked.Share(bumper.NewSlabBuffer()) // many goroutines, one buffer
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		return scope.NoEscape(scope.WithAllocator(ctx, buffer), func(ctx context.Context) error {
			return next.ProcessTask(ctx, t)
		})
	})
}

// quiet leaves out what asynq logs.
type quiet struct{ io.Writer }

func (quiet) Debug(...any) {}
func (quiet) Info(...any)  {}
func (quiet) Warn(...any)  {}
func (quiet) Error(...any) {}
func (quiet) Fatal(...any) {}

func TestAsynq(t *testing.T) {
	redis := asynq.RedisClientOpt{Addr: miniredis.RunT(t).Addr()}
	client := asynq.NewClient(redis)
	defer client.Close()
	for i := range messages {
		_, err := client.Enqueue(asynq.NewTask("numbers", number(i)))
		require.NoError(t, err)
	}
	out := make(chan float64)
	mux := asynq.NewServeMux()
	mux.Use(scoped)
	mux.HandleFunc("numbers", func(ctx context.Context, task *asynq.Task) error { return handle(out)(ctx, task.Payload()) })
	srv := asynq.NewServer(redis, asynq.Config{Concurrency: 4, Logger: quiet{}})
	require.NoError(t, srv.Start(mux))
	defer srv.Shutdown()
	complete(t, out)
}

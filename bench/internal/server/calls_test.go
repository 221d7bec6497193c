package server_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/server"
)

// TestCallsAnswerLikeTheService: for every variant.
func TestCallsAnswerLikeTheService(t *testing.T) {
	reference, err := server.New(server.Heap)
	require.NoError(t, err)
	images := server.Images(0, server.CallImages)
	var answer bytes.Buffer
	require.NoError(t, reference.Answer(context.Background(), bytes.NewReader(images), len(images), &answer))
	want := make([]float32, answer.Len())
	for i, b := range answer.Bytes() {
		want[i] = float32(b)
	}
	for _, variant := range []string{server.Heap, server.Pool, server.Request, server.Locked} {
		c, err := server.NewCalls(variant)
		require.NoError(t, err)
		c.Run(3)
		require.Equal(t, want, c.Output(), variant)
	}
	_, err = server.NewCalls("none")
	require.ErrorContains(t, err, `"none"`)
}

// TestCallsMakeNoGarbage: what a call allocates is the handler's.
func TestCallsMakeNoGarbage(t *testing.T) {
	c, err := server.NewCalls(server.Pool)
	require.NoError(t, err)
	c.Run(1)
	require.LessOrEqual(t, testing.AllocsPerRun(50, func() { c.Run(1) }), 0.5)
}

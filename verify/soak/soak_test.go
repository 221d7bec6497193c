package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSoakBriefly runs the load for a moment: under -race it is a test of locked.
func TestSoakBriefly(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	l := newLoad()
	done := make(chan error)
	for i := range uint64(4) {
		go func() { done <- l.work(ctx, i) }()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	l.strays.Wait()
	require.NotZero(t, l.requests.Load())
}

func TestJudge(t *testing.T) {
	flat := make([]usage, 40)
	require.NoError(t, judge(flat))
	for i := range flat {
		flat[i].heap = float64(i)
	}
	require.ErrorContains(t, judge(flat), "heap (MiB) grew from 14.5 to 34.5")
	require.Error(t, judge(flat[:3]))
}

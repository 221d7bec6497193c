package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope"
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
	require.ErrorContains(t, judge(flat), "heap (MiB) grew from 10.0 to 30.0")
	for i := range flat {
		flat[i] = usage{heap: float64(20 + i%7*30)} // what is allocated while it is measured
	}
	require.NoError(t, judge(flat))
	require.Error(t, judge(flat[:3]))
}

// TestMixedBriefly runs the mixed load for a moment, and waits until the buffer is at its
// floor.
func TestMixedBriefly(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	m := newMixed()
	done := make(chan error)
	for i := range uint64(4) {
		go func() { done <- m.work(ctx, i) }()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	require.NoError(t, m.settled())
	require.NotZero(t, m.requests.Load())
}

// TestMixedJudges: a refusal must carry its proof.
func TestMixedJudges(t *testing.T) {
	m := newMixed()
	require.NoError(t, m.judge(&scope.ExhaustedError{Requested: 10, Available: 9}))
	require.ErrorIs(t, m.judge(&scope.ExhaustedError{Requested: 10, Available: 10}), errUnproven)
	require.ErrorIs(t, m.judge(scope.ErrExhausted), errUnproven)
}

package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/server"
)

func TestUsageOfAnIdleProgram(t *testing.T) {
	u := server.Begin().Since()
	require.Zero(t, u.Cycles)
	require.Zero(t, u.GC)
}

func TestUsageCountsCollections(t *testing.T) {
	start := server.Begin()
	var sink [][]*int
	for range 200 {
		pointers := make([]*int, 1<<16)
		for i := range pointers {
			pointers[i] = new(int)
		}
		sink = append(sink[max(0, len(sink)-4):], pointers)
	}
	u := start.Since()
	require.NotEmpty(t, sink)
	require.Positive(t, u.Cycles)
	require.Positive(t, u.GC)
	require.Positive(t, u.User)
}

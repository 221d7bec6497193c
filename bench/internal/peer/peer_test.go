package peer_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
)

// TestMain is also the child that the tests start.
func TestMain(m *testing.M) {
	switch os.Getenv("BENCH_TEST_PEER") {
	case "":
		os.Exit(m.Run())
	case "absent":
		peer.Absent("no such\nlibrary")
	case "crash":
		os.Stderr.WriteString("something is wrong\n")
		os.Exit(3)
	default:
		peer.Serve("a peer", prepare)
	}
}

func prepare(name string) (peer.Work, error) {
	switch name {
	case "count":
		done := 0
		return peer.Work{Run: func(n int) { done += n }, Output: func() []float32 { return []float32{float32(done), 0.1} }}, nil
	case "exit":
		return peer.Work{Run: func(int) { os.Exit(0) }}, nil
	}
	return peer.Work{}, errors.New("unknown\ncase")
}

func start(t *testing.T, kind string) (*peer.Client, error) {
	t.Helper()
	c, err := peer.Start(t.Context(), os.Args[0], nil, []string{"BENCH_TEST_PEER=" + kind})
	if c != nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

func TestClient(t *testing.T) {
	c, err := start(t, "serve")
	require.NoError(t, err)
	require.Equal(t, "a peer", c.Info)

	values, err := c.Check("count")
	require.NoError(t, err)
	require.Equal(t, []float32{1, 0.1}, values)

	s, err := c.Candidate("name", "count").Run(context.Background(), 16)
	require.NoError(t, err)
	require.Equal(t, 16, s.Ops)
	values, err = c.Check("count")
	require.NoError(t, err)
	require.Equal(t, float32(1+2+16+1), values[0], "the check, an eighth to warm up, the run, the check")

	_, err = c.Check("nothing")
	require.EqualError(t, err, "unknown case")
	_, err = c.Ask("ok", "dance")
	require.ErrorContains(t, err, "no such command")
	_, err = c.Candidate("name", "count").Run(context.Background(), 0)
	require.ErrorContains(t, err, "bad number of operations")

	_, err = c.Candidate("name", "exit").Run(context.Background(), 1)
	require.ErrorContains(t, err, "child has ended")
}

func TestAbsent(t *testing.T) {
	_, err := start(t, "absent")
	require.ErrorIs(t, err, peer.ErrAbsent)
	require.ErrorContains(t, err, "no such library")
}

func TestCrashTellsWhatTheChildSaid(t *testing.T) {
	_, err := start(t, "crash")
	require.ErrorContains(t, err, "something is wrong")
}

func TestSetRemembersFailures(t *testing.T) {
	s := peer.NewSet(t.TempDir(), t.TempDir(), []peer.Spec{{Name: "p", Package: "./nowhere", Remedy: "install it"}, {Name: "q"}})
	defer s.Close()
	_, err := s.Get(t.Context(), "p")
	require.ErrorContains(t, err, "could not be built: install it")
	_, again := s.Get(t.Context(), "p")
	require.Equal(t, err, again)
	peers := s.Peers()
	require.Len(t, peers, 1, "q was not asked for")
	require.Equal(t, err.Error(), peers[0].Absent)
}

package bumper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
)

// use allocates about n bytes in blocks of 1000, and resets.
func use(t *testing.T, buf bumper.Buffer, n int) {
	t.Helper()
	for range n / 1000 {
		_, err := buf.Alloc(1000, 1)
		require.NoError(t, err)
	}
	require.NoError(t, buf.Reset())
}

func TestAutoscalingLearns(t *testing.T) {
	src := &trial.Source{}
	buf := bumper.NewAutoscalingBuffer(bumper.Initial(10_000), bumper.From(src))
	use(t, buf, 100_000)
	require.Zero(t, buf.Stats().Capacity, "main piece and extras were given back")
	use(t, buf, 100_000)
	s := buf.Stats()
	require.Equal(t, 1, s.Slabs, "one piece is enough now")
	require.InDelta(t, 1.1*float64(s.HighWater), s.Capacity, 100)
	acquired := src.Acquired
	for range 100 {
		use(t, buf, 100_000)
	}
	require.Equal(t, acquired, src.Acquired, "steady")
}

func TestAutoscalingShrinks(t *testing.T) {
	buf := bumper.NewAutoscalingBuffer(bumper.Initial(10_000))
	use(t, buf, 100_000)
	use(t, buf, 100_000)
	large := buf.Stats().Capacity
	for range 4 {
		use(t, buf, 40_000)
		require.Equal(t, large, buf.Stats().Capacity, "one of the last 5 uses was large")
	}
	use(t, buf, 40_000)
	use(t, buf, 40_000)
	require.Less(t, buf.Stats().Capacity, large/2)
	for range 10 {
		use(t, buf, 1000)
	}
	require.Equal(t, 10_000, buf.Stats().Capacity, "not below the initial size")
}

// Use is learnt from at the end of the outermost scope as well, and not while
// anything lives.
func TestAutoscalingLearnsFromScopes(t *testing.T) {
	buf := bumper.NewAutoscalingBuffer(bumper.Initial(1000))
	scoped := func() {
		outer := buf.Checkpoint()
		inner := buf.Checkpoint()
		mustAlloc(t, buf, 900, 5000, 20_000)
		require.NoError(t, buf.Restore(inner))
		require.Greater(t, buf.Stats().Slabs, 1, "the outer scope is still open")
		require.NoError(t, buf.Restore(outer))
	}
	scoped()
	require.Zero(t, buf.Stats().Slabs)
	outer := buf.Checkpoint()
	mustAlloc(t, buf, 900, 5000, 20_000)
	require.Equal(t, 1, buf.Stats().Slabs)
	require.NoError(t, buf.Restore(outer))

	buf = bumper.NewAutoscalingBuffer(bumper.Initial(1000))
	mustAlloc(t, buf, 10)
	scoped()
	require.Greater(t, buf.Stats().Slabs, 1, "a block outside the scopes lives")
}

func TestAutoscalingFallsBackToLess(t *testing.T) {
	buf := bumper.NewAutoscalingBuffer(bumper.Limit(5000))
	mustAlloc(t, buf, 4000) // Initial is more than the limit
	require.LessOrEqual(t, buf.Stats().Capacity, 5000)

	src := &picky{most: 3000}
	buf = bumper.NewAutoscalingBuffer(bumper.From(src))
	mustAlloc(t, buf, 3000)
	require.Equal(t, 3000, buf.Stats().Capacity)
}

// picky is a source that gives only small pieces.
type picky struct {
	trial.Source
	most int
}

func (p *picky) Acquire(size int) ([]byte, error) {
	if size > p.most {
		return nil, trial.ErrSource
	}
	return p.Source.Acquire(size)
}

// A request that is larger than what has been learnt leaves room behind it: the next
// block of its size needs no other piece.
func TestAutoscalingLeavesRoom(t *testing.T) {
	src := &trial.Source{}
	buf := bumper.NewAutoscalingBuffer(bumper.Initial(1000), bumper.From(src))
	for range 2 {
		_, err := buf.Alloc(100_000, 64)
		require.NoError(t, err)
	}
	require.Equal(t, 1, src.Acquired)
	_, err := buf.Alloc(150_000, 64)
	require.NoError(t, err)
	_, err = buf.Alloc(150_000, 64)
	require.NoError(t, err)
	require.Equal(t, 2, src.Acquired)
}

// TestAutoscalingReusesPieces: within a scope, a block goes to the first empty piece that
// holds it, however many smaller ones come before, and be it to the last byte.
func TestAutoscalingReusesPieces(t *testing.T) {
	buf := bumper.NewAutoscalingBuffer(bumper.Initial(128))
	alloc := func(n uintptr) {
		_, err := buf.Alloc(n, 1)
		require.NoError(t, err)
	}
	alloc(100)
	cp := buf.Checkpoint()
	alloc(200) // in a piece of 400: twice the block, more than twice the last
	require.Equal(t, 128+400, buf.Stats().Capacity)
	alloc(300) // 800: twice the last
	require.Equal(t, 128+400+800, buf.Stats().Capacity)
	alloc(600)
	require.Equal(t, 128+400+800+1600, buf.Stats().Capacity)
	require.NoError(t, buf.Restore(cp))
	for _, n := range []uintptr{1600, 800, 400} {
		cp := buf.Checkpoint()
		alloc(n)
		require.Equal(t, 4, buf.Stats().Slabs, "%d bytes", n)
		require.NoError(t, buf.Restore(cp))
	}
}

// TestAutoscalingFirstPiece: a first block that is too large for the usual piece gets one in
// which the next finds room.
func TestAutoscalingFirstPiece(t *testing.T) {
	buf := bumper.NewAutoscalingBuffer(bumper.Initial(128))
	mustAlloc(t, buf, 10_001, 10_001)
	require.Equal(t, 2*10_001+64, buf.Stats().Capacity)
}

// TestAutoscalingForgetsEmptyUses: a scope in which nothing is allocated says nothing about
// the size that is needed.
func TestAutoscalingForgetsEmptyUses(t *testing.T) {
	buf := bumper.NewAutoscalingBuffer(bumper.Initial(1000))
	use := func(n uintptr) {
		cp := buf.Checkpoint()
		if n > 0 {
			_, err := buf.Alloc(n, 1)
			require.NoError(t, err)
		}
		require.NoError(t, buf.Restore(cp))
	}
	use(100_000)
	use(100_000)
	learnt := buf.Stats().Capacity
	for range 10 {
		use(0)
	}
	require.Equal(t, learnt, buf.Stats().Capacity)
	for range 10 {
		use(10)
	}
	require.Less(t, buf.Stats().Capacity, learnt/2)
}

package meter_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// restores is a third party's allocator with levels that cannot be unwound.
type restores struct {
	scope.Allocator
	levels int
}

func (r *restores) Checkpoint() memory.Checkpoint   { r.levels++; return memory.Checkpoint{} }
func (r *restores) Restore(memory.Checkpoint) error { r.levels--; return nil }

// TestUnwindOfOthers: a meter around levels that cannot be unwound leaves them open; around
// others it unwinds them.
func TestUnwindOfOthers(t *testing.T) {
	inner := &restores{Allocator: scope.Heap()}
	c := meter.New(inner, within(1000)).Scopes().Checkpointer
	cp := c.Checkpoint()
	require.NoError(t, c.(memory.Unwinder).Unwind(cp))
	require.Equal(t, 1, inner.levels)
	require.NoError(t, c.Restore(cp))
	require.Zero(t, inner.levels)

	l := meter.NewLimit(nil, "l", 1000)
	buf := bumper.NewSlabBuffer()
	m := meter.New(buf, meter.Within(l))
	c = m.Scopes().Checkpointer
	cp = c.Checkpoint()
	c.Checkpoint()
	_, err := m.Alloc(100, 8)
	require.NoError(t, err)
	require.Equal(t, []int{100}, used(l))
	require.NoError(t, c.(memory.Unwinder).Unwind(cp))
	require.False(t, cp.Live())
	require.Equal(t, []int{0}, used(l))
}

// TestRefusedEndOfALevel: a level whose end is refused goes on, also in the trace.
func TestRefusedEndOfALevel(t *testing.T) {
	var out bytes.Buffer
	buf := bumper.NewSlabBuffer()
	m := meter.New(buf, meter.Trace(&out))
	c := m.Scopes().Checkpointer
	alloc := func() {
		_, err := m.Alloc(8, 8)
		require.NoError(t, err)
	}
	cp := c.Checkpoint()
	alloc()
	region, g, ok := locked.Share(buf).OpenRegion(nil)
	require.True(t, ok)
	require.ErrorIs(t, c.Restore(cp), bumper.ErrHeld)
	require.ErrorIs(t, c.(memory.Unwinder).Unwind(cp), bumper.ErrHeld)
	region.Release(g)
	alloc()
	require.NoError(t, c.Restore(cp))
	alloc()
	require.Equal(t, []string{
		`"op":"begin","scope":1,"in":0}`,
		`"op":"alloc","scope":1,"size":8,"align":8}`,
		`"op":"alloc","scope":1,"size":8,"align":8}`,
		`"op":"end","scope":1}`,
		`"op":"alloc","scope":0,"size":8,"align":8}`,
		"",
	}, untimed(out.String()))
}

// TestLogOfLevels: what an outermost scope has held is the sum of the levels in it, which are
// no scopes of their own in the log.
func TestLogOfLevels(t *testing.T) {
	var out bytes.Buffer
	m := meter.New(bumper.NewSlabBuffer(), meter.Log(slog.New(slog.NewTextHandler(&out, nil)), 0, 1000))
	c := m.Scopes().Checkpointer
	for range 2 {
		outer := c.Checkpoint()
		_, _ = m.Alloc(600, 8)
		for range 2 {
			inner := c.Checkpoint()
			_, _ = m.Alloc(500, 8)
			require.NoError(t, c.Restore(inner))
			require.Empty(t, out.String())
		}
		require.NoError(t, c.Restore(outer))
		require.Regexp(t, `^[^\n]* bytes=1100 failed=0\n$`, out.String())
		out.Reset()
	}
	small := c.Checkpoint()
	_, _ = m.Alloc(999, 8)
	require.NoError(t, c.Restore(small))
	require.Empty(t, out.String())
}

// TestStampsDoNotPileUp: a limit forgets the scopes of blocks that it was charged for one by
// one, also where nobody tells it that they have ended.
func TestStampsDoNotPileUp(t *testing.T) {
	l := meter.NewLimit(nil, "l", 0)
	buf := bumper.NewSlabBuffer()
	m := meter.New(buf, meter.Within(l))
	for range 1000 {
		_, err := m.Alloc(8, 8)
		require.NoError(t, err)
		require.NoError(t, buf.Reset())
		require.Less(t, meter.Kept(l), 32)
	}
	require.Equal(t, []int{0}, used(l))
	require.Zero(t, meter.Kept(l))
}

// TestGrants: a charge exceeds the least by a multiple of 64, and takes no more than there is;
// what is to spare is granted while half of the limit is left.
func TestGrants(t *testing.T) {
	for _, c := range []struct{ bytes, least, most, spare, want int }{
		{1000, 10, 10, 0, 10}, {1000, 10, 73, 0, 10}, {1000, 10, 74, 0, 74}, {1000, 10, 137, 0, 74}, {1000, 10, 138, 0, 138},
		{1000, 10, 2000, 0, 970}, {1000, 1000, 2000, 640, 1000}, {1000, 1001, 2000, 0, -1},
		{1000, 100, 100, 128, 228}, {1024, 128, 128, 384, 512}, {1024, 128, 128, 448, 128},
		{0, 10, 200, 64, 10 + 128 + 64},
	} {
		for _, parent := range []*meter.Limit{nil, meter.NewLimit(nil, "parent", 0)} {
			l := meter.NewLimit(parent, "l", c.bytes)
			granted, err := meter.Charge(l, c.least, c.most, c.spare)
			if c.want < 0 {
				require.Same(t, l, meter.RefusedBy(err))
				require.Equal(t, []int{0}, used(l))
				continue
			}
			require.NoError(t, err)
			require.Equal(t, c.want, granted, "%v", c)
			require.Zero(t, (granted-c.least)%64, "%v", c)
			require.Equal(t, []int{granted}, used(l))
		}
	}
}

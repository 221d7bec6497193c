package scope_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Memory follows what has arrived, whatever the limit is, and a small limit bounds it.
func TestReadFromRoom(t *testing.T) {
	if testenv.Guarded() {
		t.Skip("guarded blocks are longer")
	}
	for _, c := range []struct {
		arrives, limit int
		takes          []int
	}{
		{0, math.MaxInt, []int{0, 512}},
		{512, math.MaxInt, []int{0, 512, 1024}}, // it takes another Read to see the end
		{1500, math.MaxInt, []int{0, 512, 1024, 2048}},
		{0, 10, []int{0, 64}},
		{10, 10, []int{0, 64}},
		{99, 100, []int{0, 101}}, // one more, to see that it is too long
		{510, 510, []int{0, 511}},
		{511, 511, []int{0, 512}},
		{512, 512, []int{0, 512, 513}},
		{1100, 1100, []int{0, 512, 1024, 1101}},
		{1024, 1535, []int{0, 512, 1024, 1536}},
	} {
		l := &ledger{}
		b := scope.NewBuilder[byte](scope.WithAllocator(t.Context(), l), 0)
		n, err := scope.ReadFrom(b, bytes.NewReader(make([]byte, c.arrives)), c.limit)
		require.NoError(t, err)
		require.Equal(t, c.arrives, n)
		require.Equal(t, c.takes, l.sizes, "%d of %d bytes", c.arrives, c.limit)
	}
}

// A buffer that has no room for twice the length serves what it has.
func TestReadFromTakesWhatFits(t *testing.T) {
	if testenv.Guarded() {
		t.Skip("guarded blocks do not grow in place")
	}
	buf := bumper.NewAllocBuffer(1800)
	b := scope.NewBuilder[byte](scope.WithAllocator(t.Context(), buf), 0)
	n, err := scope.ReadFrom(b, bytes.NewReader(make([]byte, 1500)), 1<<20)
	require.NoError(t, err)
	require.Equal(t, 1500, n)
	require.Equal(t, 1536, buf.Stats().Used)
}

// ReadFrom appends to what is there, and counts its own alone.
func TestReadFromAppends(t *testing.T) {
	inScopes(t, func(t *testing.T, ctx context.Context) {
		b := scope.NewBuilder[byte](ctx, 0)
		for i := range 5 {
			body := bytes.Repeat([]byte{byte(i)}, 700)
			n, err := scope.ReadFrom(b, iotest.OneByteReader(bytes.NewReader(body)), 700)
			require.NoError(t, err)
			require.Equal(t, 700, n)
			require.Equal(t, body, b.View()[700*i:])
		}
		n, err := scope.ReadFrom(b, bytes.NewReader(make([]byte, 20)), 13)
		require.ErrorIs(t, err, scope.ErrTooLong)
		require.EqualError(t, err, "scope: ReadFrom: input is longer than the limit of 13 bytes")
		require.Equal(t, 13, n)
		require.Equal(t, 3513, b.Len())
	})
}

// A Reader may return nothing now and then, but not for ever; it gets room each time, and
// no more than the limit and one byte.
func TestReadFromSlowly(t *testing.T) {
	const limit = 2000
	b := scope.NewBuilder[byte](t.Context(), 0)
	reads, empty, got := 0, 0, 0
	n, err := scope.ReadFrom(b, reader(func(p []byte) (int, error) {
		require.NotEmpty(t, p)
		require.LessOrEqual(t, len(p), limit-got+1)
		if reads++; reads%3 != 0 && reads < 3000 {
			return 0, nil
		}
		if got == 1000 {
			empty++
			return 0, nil
		}
		got++
		return 1, nil
	}), limit)
	require.Equal(t, io.ErrNoProgress, err)
	require.Equal(t, 1000, n)
	require.GreaterOrEqual(t, empty, 98, "in a row, with two of those before")
	require.LessOrEqual(t, empty, 100)

	reads = 0
	_, err = scope.ReadFrom(b, reader(func([]byte) (int, error) { reads++; return 0, nil }), limit)
	require.Equal(t, io.ErrNoProgress, err)
	require.InDelta(t, 100, reads, 1)
}

// A count that no Read can return is the Reader's mistake.
func TestReadFromLyingReader(t *testing.T) {
	b := scope.NewBuilder[byte](t.Context(), 0)
	require.PanicsWithValue(t, "scope: ReadFrom: scope_test.reader.Read returned -1 for 512 bytes", func() {
		_, _ = scope.ReadFrom(b, reader(func([]byte) (int, error) { return -1, nil }), 1000)
	})
	require.PanicsWithValue(t, "scope: ReadFrom: scope_test.reader.Read returned 9 for 8 bytes", func() {
		_, _ = scope.ReadFrom(b, reader(func(p []byte) (int, error) { return len(p) + 1, nil }), 7)
	})
	require.Zero(t, b.Len())
}

// Nothing is read for a scope that has ended.
func TestReadFromAfterTheEnd(t *testing.T) {
	ctx, s := scope.Open(locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()))
	b := scope.NewBuilder[byte](ctx, 0)
	require.NoError(t, s.End())
	require.ErrorIs(t, outcome(func() {
		_, _ = scope.ReadFrom(b, reader(func([]byte) (int, error) { t.Error("read"); return 0, io.EOF }), 10)
	}), scope.ErrStale)
	require.Zero(t, s.Late())
}

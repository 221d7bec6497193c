package scope_test

import (
	"context"
	"reflect"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

func TestZeroStamp(t *testing.T) {
	var s scope.Stamp
	s.EndsAt(1)
	require.True(t, s.Live())
	require.Empty(t, s.End())
}

func TestEpoch(t *testing.T) {
	e := memory.NewEpoch("owner")
	other := memory.NewEpoch("owner")
	s := e.Stamp()
	require.Equal(t, s, e.Stamp())
	require.Equal(t, "owner", s.Owner())
	require.Nil(t, scope.Stamp{}.Owner())
	require.NotEqual(t, s, other.Stamp())
	require.True(t, s.Live())
	require.Empty(t, s.End())

	e.End()
	require.False(t, s.Live())
	require.True(t, e.Stamp().Live())
	require.NotEqual(t, s, e.Stamp())
	require.Equal(t, "owner", s.Owner(), "of whatever generation")
	require.True(t, other.Stamp().Live())
	require.Equal(t, "ended 1 scopes ago", s.End(), "nobody said where")
	for range 9 {
		e.End()
	}
	require.Equal(t, "ended 10 scopes ago", s.End())
}

func TestEndsAt(t *testing.T) {
	e := memory.NewEpoch(nil)
	pc := reflect.ValueOf(TestEndsAt).Pointer()
	here := regexp.MustCompile(`^ended at .*/stamp_test\.go:\d+ \(.*/scope_test\.TestEndsAt\)$`)
	before := e.Stamp()
	before.EndsAt(pc)
	require.Empty(t, before.End(), "it still lives")
	e.End()
	require.Regexp(t, here, before.End())

	after := e.Stamp()
	e.End()
	after.EndsAt(pc)
	require.Regexp(t, here, after.End())
	require.Regexp(t, here, before.End(), "the last few are remembered")

	for range 4 {
		e.Stamp().EndsAt(pc)
		e.End()
	}
	require.Equal(t, "ended 6 scopes ago", before.End(), "older ones are not, and are not mixed up")
}

// TestEndsAtCaller: the caller is recorded as far up as asked, and only if nothing was
// recorded before.
func TestEndsAtCaller(t *testing.T) {
	e := memory.NewEpoch(nil)
	restore := func(s scope.Stamp, skip int) { s.EndsAtCaller(skip) }
	outer := func(s scope.Stamp) { restore(s, 1) }
	first := e.Stamp()
	restore(first, 0)
	e.End()
	second := e.Stamp()
	outer(second)
	e.End()
	require.Regexp(t, `^ended at .*/stamp_test\.go:\d+ \(.*TestEndsAtCaller\)$`, first.End())
	require.Regexp(t, `^ended at .*/stamp_test\.go:\d+ \(.*TestEndsAtCaller\)$`, second.End())
	third := e.Stamp()
	third.EndsAt(reflect.ValueOf(TestEndsAt).Pointer())
	restore(third, 0)
	e.End()
	require.Contains(t, third.End(), "TestEndsAt)")
	scope.Stamp{}.EndsAtCaller(0)
}

// TestEndsAtWraps: the place of a scope that is about to end is not taken for that of one
// whose number looks the same.
func TestEndsAtWraps(t *testing.T) {
	pc := reflect.ValueOf(TestEndsAt).Pointer()
	e := memory.NewEpoch(nil)
	old := e.Stamp()
	for range 1 << 16 {
		e.End()
	}
	e.Stamp().EndsAt(pc)
	require.Equal(t, "ended 65536 scopes ago", old.End())
}

func TestEndNamesTheFunction(t *testing.T) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var s scope.Stamp
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		_, stamp, err := scope.Alloc[byte](ctx, 10)
		s = stamp
		return err
	}))
	require.Regexp(t, `^ended at .*/stamp_test\.go:\d+ \(.*TestEndNamesTheFunction\.func1\)$`, s.End())
}

// Stamps are read by goroutines while their scope ends.
func TestStampConcurrently(t *testing.T) {
	e := memory.NewEpoch(nil)
	stamps := make(chan scope.Stamp, 100)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for s := range stamps {
				for s.Live() {
				}
				if s.Live() || s.End() == "" {
					t.Error("a dead stamp came to life")
				}
			}
		})
	}
	for range 1000 {
		s := e.Stamp()
		stamps <- s
		s.EndsAt(reflect.ValueOf(TestEpoch).Pointer())
		e.End()
	}
	close(stamps)
	wg.Wait()
}

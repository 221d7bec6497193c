package meter_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// opened returns a region that m opens.
func opened(t *testing.T, m *meter.Meter) (handshake.Region, handshake.Generation) {
	t.Helper()
	r, g, ok := m.Scopes().Opener.OpenRegion(nil)
	require.True(t, ok)
	return r, g
}

// TestUnderBoth: a region that two limits are charged for may be refused by either, and by those
// above.
func TestUnderBoth(t *testing.T) {
	p, tenant, request := tree(0, 0, 0)
	elsewhere, stranger := meter.NewLimit(nil, "elsewhere", 0), meter.NewLimit(nil, "stranger", 0)
	r, g := opened(t, meter.New(meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(request)), meter.Within(elsewhere)))
	for limit, under := range map[*meter.Limit]bool{p: true, tenant: true, request: true, elsewhere: true, stranger: false} {
		refuser := handshake.RefuserOf(&meter.LimitError{Limit: limit})
		require.Equal(t, under, r.Under(g, refuser), limit.Name())
	}
	r.Release(g)
}

// TestChargedOnceWithinPairs: a scope within one that two meters are around, and whose own limit
// is that of one of them, charges it once.
func TestChargedOnceWithinPairs(t *testing.T) {
	l := meter.NewLimit(nil, "tenant", 1<<20)
	outer := meter.New(meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(l)), meter.Log(quietly, time.Hour, 0))
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), outer), func(ctx context.Context) error {
		inner := meter.New(scope.AllocatorFrom(ctx), meter.Within(l))
		return scope.NoEscape(scope.WithAllocator(ctx, inner), func(ctx context.Context) error {
			scope.Make[byte](ctx, 600_000)
			require.Less(t, used(l)[0], 700_000)
			return nil
		})
	}))
	require.Equal(t, []int{0}, used(l))
}

// TestRewrapSharesLevels: a meter that is put around its buffer again knows the levels that are
// open there, and one around another buffer does not.
func TestRewrapSharesLevels(t *testing.T) {
	var out bytes.Buffer
	buf := bumper.NewSlabBuffer()
	m := meter.New(buf, meter.Trace(&out))
	cp := m.Scopes().Checkpointer.Checkpoint()
	for _, a := range []scope.Allocator{m.Rewrap(buf), m.Rewrap(bumper.NewSlabBuffer())} {
		_, err := a.Alloc(8, 8)
		require.NoError(t, err)
	}
	require.NoError(t, m.Scopes().Checkpointer.Restore(cp))
	require.Equal(t, []string{
		`"op":"begin","scope":1,"in":0}`,
		`"op":"alloc","scope":1,"size":8,"align":8}`,
		`"op":"alloc","scope":0,"size":8,"align":8}`,
		`"op":"end","scope":1}`,
		"",
	}, untimed(out.String()))
}

// TestTracedRegionAfterItsEnd opens nothing, and what is allocated with it is of no scope.
func TestTracedRegionAfterItsEnd(t *testing.T) {
	var out bytes.Buffer
	r, g := opened(t, meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Trace(&out)))
	alloc := func() {
		_, err := r.AllocIn(g, 8, 8)
		require.NoError(t, err)
	}
	alloc()
	require.False(t, r.Reopen(g), "it is open")
	r.Close(g, 0)
	_, _, ok := r.OpenSub(g, nil)
	require.False(t, ok)
	alloc()
	require.True(t, r.Reopen(g))
	alloc()
	r.Release(g)
	require.False(t, r.Reopen(g))
	_, _, ok = r.OpenSub(g, nil)
	require.False(t, ok)
	alloc()
	require.Equal(t, []string{
		`"op":"begin","scope":1,"in":0}`,
		`"op":"alloc","scope":1,"size":8,"align":8}`,
		`"op":"end","scope":1}`,
		`"op":"alloc","scope":0,"size":8,"align":8}`,
		`"op":"begin","scope":2,"in":0}`,
		`"op":"alloc","scope":2,"size":8,"align":8}`,
		`"op":"end","scope":2}`,
		`"op":"alloc","scope":0,"size":8,"align":8}`,
		"",
	}, untimed(out.String()))
}

// during is an allocator that calls a function, and then serves the block from the heap or fails.
type during struct {
	fn   func()
	fail bool
}

func (d *during) Alloc(size, align uintptr) (memory.Block, error) {
	d.fn()
	if d.fail {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "during"}
	}
	return scope.Heap().Alloc(size, align)
}

// TestEndDuringABlock: a scope of an allocator without scopes that ends while a block of it is
// being allocated has discharged everything, once.
func TestEndDuringABlock(t *testing.T) {
	for _, fail := range []bool{false, true} {
		l := meter.NewLimit(nil, "l", 0)
		d := &during{fail: fail}
		r, g := opened(t, meter.New(d, meter.Within(l)))
		d.fn = func() {
			require.Equal(t, []int{100}, used(l))
			r.Release(g)
			require.Equal(t, []int{0}, used(l))
		}
		_, err := r.AllocIn(g, 100, 8)
		require.Equal(t, fail, err != nil)
		require.Equal(t, []int{0}, used(l))
	}
}

// TestPlainReservation: what a scope of the heap has reserved is charged at once, used by its
// blocks, and discharged in the end.
func TestPlainReservation(t *testing.T) {
	l := meter.NewLimit(nil, "l", 1000)
	r, g := opened(t, meter.New(scope.Heap(), meter.Within(l)))
	for _, step := range []struct{ reserve, alloc, used int }{
		{100, 0, 100}, {100, 0, 100}, {1, 0, 100}, {101, 0, 101}, {0, 40, 101}, {61, 0, 101}, {0, 61, 101}, {0, 10, 111}, {1, 0, 112},
	} {
		if step.reserve > 0 {
			refuser, err := r.Reserve(g, step.reserve)
			require.NoError(t, err)
			require.Nil(t, refuser)
		}
		if step.alloc > 0 {
			_, err := r.AllocIn(g, uintptr(step.alloc), 1)
			require.NoError(t, err)
		}
		require.Equal(t, []int{step.used}, used(l), "%+v", step)
	}
	_, err := r.Reserve(g, 1000)
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.Equal(t, []int{112}, used(l))
	r.Release(g)
	require.Equal(t, []int{0}, used(l))
}

// TestReplayEndsWhatIsOpen, in whatever order the others ended.
func TestReplayEndsWhatIsOpen(t *testing.T) {
	trace := func(lines ...string) io.Reader { return strings.NewReader(strings.Join(lines, "\n")) }
	for name, r := range map[string]io.Reader{
		"later ends first": trace(`{"op":"begin","scope":1}`, `{"op":"begin","scope":2}`, `{"op":"end","scope":2}`, `{"op":"begin","scope":3}`),
		"first ends first": trace(`{"op":"begin","scope":1}`, `{"op":"begin","scope":2}`, `{"op":"begin","scope":3}`, `{"op":"end","scope":1}`),
		"middle":           trace(`{"op":"begin","scope":1}`, `{"op":"begin","scope":2}`, `{"op":"begin","scope":3}`, `{"op":"end","scope":2}`),
	} {
		shared := locked.Share(bumper.NewSlabBuffer())
		got, err := meter.Replay(scope.WithAllocator(t.Context(), shared), r)
		require.NoError(t, err, name)
		require.Equal(t, 3, got.Scopes, name)
		require.Zero(t, shared.Stats().Open, name)
	}
}

// odd is a source that returns more than it was asked for, or less, or fails.
type odd struct {
	more     int
	fail     bool
	limit    *meter.Limit
	released []int // the charge when it took memory back
}

var errOdd = errors.New("odd")

func (s *odd) Acquire(size int) ([]byte, error) {
	if s.fail {
		return nil, errOdd
	}
	return make([]byte, size+s.more), nil
}

func (s *odd) Release([]byte) { s.released = append(s.released, used(s.limit)[0]) }

// TestSourceCharges what it returned, as long as that is held.
func TestSourceCharges(t *testing.T) {
	l := meter.NewLimit(nil, "l", 1000)
	inner := &odd{limit: l}
	s := meter.Source(l, inner)
	for _, more := range []int{0, 100, -100} {
		inner.more, inner.released = more, nil
		mem, err := s.Acquire(500)
		require.NoError(t, err)
		require.Len(t, mem, 500+more)
		require.Equal(t, []int{500 + more}, used(l))
		s.Release(mem)
		require.Equal(t, []int{500 + more}, inner.released, "charged until it is back")
		require.Equal(t, []int{0}, used(l))
	}
	inner.fail = true
	_, err := s.Acquire(500)
	require.Equal(t, errOdd, err)
	require.Equal(t, []int{0}, used(l))

	inner.fail, inner.more, inner.released = false, 501, nil
	_, err = s.Acquire(500)
	require.Same(t, l, meter.RefusedBy(err))
	require.Equal(t, []int{500}, inner.released, "what is beyond the limit goes back")
	require.Equal(t, []int{0}, used(l))
	_, err = s.Acquire(1001)
	require.Same(t, l, meter.RefusedBy(err))
	require.Len(t, inner.released, 1)
	require.EqualValues(t, 2, l.Stats().Refused)

	const message = "meter: Source with a nil Limit or Source"
	require.PanicsWithValue(t, message, func() { meter.Source(l, nil) })
	require.PanicsWithValue(t, message, func() { meter.Source(nil, inner) })
}

// TestTracedConcurrently: scopes of a traced region end and begin while another goroutine
// allocates with its context.
func TestTracedConcurrently(t *testing.T) {
	r, g := opened(t, meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Trace(io.Discard)))
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for range 300 {
				if _, err := r.AllocIn(g, 8, 8); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 300 {
		r.Close(g, 0)
		runtime.Gosched()
		require.True(t, r.Reopen(g))
		runtime.Gosched()
	}
	all.Wait()
	r.Release(g)
}

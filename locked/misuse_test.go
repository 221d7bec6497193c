package locked_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// These are the three examples of improper usage in the documentation of
// AllocArrays.jl, with its corrections. There they are wrong results, memory that
// another task overwrites, and an error; here each is right by construction or fails
// the same way each time, saying why.

// someAllocating makes two copies of a through the context.
func someAllocating(ctx context.Context, a []float64) (b, c stamped) {
	b, c = alloc(ctx, len(a)), alloc(ctx, len(a))
	copy(b.data, a)
	copy(c.data, a)
	return b, c
}

// basicReduction returns the sum of two copies of a.
func basicReduction(ctx context.Context, a []float64) (sum float64) {
	b, c := someAllocating(ctx, a)
	for i := range b.data {
		sum += b.data[i] + c.data[i]
	}
	return sum
}

// stamped is a slice that knows its scope: what an array type is, at the least.
type stamped struct {
	data  []float64
	stamp scope.Stamp
}

func alloc(ctx context.Context, n int) stamped {
	data, stamp, err := scope.Alloc[float64](ctx, n)
	if err != nil {
		panic(err)
	}
	return stamped{data, stamp}
}

// use returns the data, or panics as array types do if its scope has ended.
func (s stamped) use() []float64 {
	if !s.stamp.Live() {
		panic(&scope.StaleError{What: "misuse: use of an array", End: s.stamp.End(), Fix: "copy it before the scope ends"})
	}
	return s.data
}

func ones(n int) []float64 {
	a := make([]float64, n)
	for i := range a {
		a[i] = 1
	}
	return a
}

// Wrong: allowing escapes. The use is a panic that says where the scope ended.
func TestEscape(t *testing.T) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewAllocBuffer(1<<20))
	var output []stamped
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		b, _ := someAllocating(ctx, ones(100))
		output = append(output, b) // wrong! b escapes
		return nil
	}))
	defer func() {
		err, ok := recover().(error)
		require.True(t, ok)
		require.ErrorIs(t, err, scope.ErrStale)
		require.Regexp(t, `^misuse: use of an array whose scope has ended at .*misuse_test\.go:\d+ `+
			`\(.*TestEscape.*\); copy it before the scope ends$`, err.Error())
	}()
	output[0].use()
	t.Fatal("the escape was not noticed")
}

func TestEscapeCorrected(t *testing.T) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewAllocBuffer(1<<20))
	output := make([]float64, 100) // not from the buffer
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		b, _ := someAllocating(ctx, ones(100))
		copy(output, b.use()) // right: what was in the buffer is copied
		return nil
	}))
	require.Equal(t, ones(100), output)
}

// Wrong there: resetting a buffer in active use. Here a scope in each of many
// goroutines is right, whatever their order: each has memory of its own.
func TestScopesInGoroutines(t *testing.T) {
	buf := bumper.NewAllocBuffer(4 << 20)
	ctx := locked.WithLockedBumper(context.Background(), buf)
	var barrier sync.WaitGroup
	barrier.Add(10)
	sums := make([]float64, 10)
	require.NoError(t, together(10, func(i int) error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			b, _ := someAllocating(ctx, ones(1000))
			barrier.Done()
			barrier.Wait() // all scopes are open now
			sums[i] = basicReduction(ctx, b.use())
			return nil
		})
	}))
	for _, sum := range sums {
		require.Equal(t, 2000.0, sum)
	}
	require.NoError(t, buf.Reset())
}

// What remains wrong is to reset the buffer itself: that is refused, each time.
func TestResetInAGoroutine(t *testing.T) {
	buf := bumper.NewAllocBuffer(4 << 20)
	ctx := locked.WithLockedBumper(context.Background(), buf)
	g := locked.NewGroup(ctx)
	for range 10 {
		g.Go(func(ctx context.Context) error {
			b, _ := someAllocating(ctx, ones(1000))
			err := buf.Reset() // wrong! others use the buffer
			for _, v := range b.use() {
				if v != 1 {
					t.Error("memory was released")
				}
			}
			return err
		})
	}
	err := g.Wait()
	require.ErrorIs(t, err, bumper.ErrHeld)
	require.EqualError(t, err, "bumper: buffer is in use by a parallel region; reset it when the region has ended")
	require.NoError(t, buf.Reset(), "right: after the parallel region")
}

// The corrections there, a scope around the goroutines and one after the other, are
// right here as well.
func TestScopeAroundGoroutines(t *testing.T) {
	shared := locked.Share(bumper.NewAllocBuffer(1 << 20))
	ctx := scope.WithAllocator(context.Background(), shared)
	sums := make([]float64, 10)
	for range 20 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			return together(10, func(i int) error { sums[i] = basicReduction(ctx, ones(1000)); return nil })
		}))
	}
	for i := range sums {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			sums[i] += basicReduction(ctx, ones(1000))
			return nil
		}))
		require.Equal(t, 4000.0, sums[i])
	}
	requireCalm(t, shared)
}

// Wrong: neglecting to reset the buffer. It is exhausted at some time, always the
// same, with an error that says what was asked for and what there is.
func TestNeverReset(t *testing.T) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewAllocBuffer(1<<20))
	count := 0
	err := scope.Try(func() error {
		for { // wrong! nothing is ever released
			basicReduction(ctx, ones(1000))
			count++
		}
	})
	require.Equal(t, 65, count)
	var e *scope.ExhaustedError
	require.ErrorAs(t, err, &e)
	require.EqualValues(t, 8000, e.Requested)
	require.EqualValues(t, 1<<20, e.Limit)
	require.ErrorContains(t, err, "bumper.AllocBuffer: out of memory: 8000 bytes requested, ")
}

func TestNeverResetCorrected(t *testing.T) {
	shared := locked.Share(bumper.NewAllocBuffer(1 << 20))
	ctx := scope.WithAllocator(context.Background(), shared)
	for range 2000 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			require.Equal(t, 2000.0, basicReduction(ctx, ones(1000)))
			return nil
		}))
	}
	requireCalm(t, shared)
}

// The first rule of Bumper.jl: memory of one task is not for another that outlives
// it. A stamp read in another goroutine says so.
func TestReadBySomebodyElse(t *testing.T) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	arrays, checked := make(chan stamped), make(chan bool)
	go func() {
		a := <-arrays
		checked <- a.stamp.Live()
		<-arrays
		checked <- a.stamp.Live()
	}()
	var a stamped
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		a = alloc(ctx, 10)
		arrays <- a
		require.True(t, <-checked)
		return nil
	}))
	arrays <- a
	require.False(t, <-checked)
}

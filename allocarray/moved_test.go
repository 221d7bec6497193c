package allocarray_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// TestOnlyTheMovedIsOverwritten: an operation computes in the memory of an operand that was
// moved, and never in that of one that was not, though it would be as good.
func TestOnlyTheMovedIsOverwritten(t *testing.T) {
	inMode(t, guard.Off)
	ctx := scope.WithAllocator(t.Context(), trial.NewFreeList())
	row, full := allocarray.Full(ctx, 1.0, 1, 4), allocarray.Full(ctx, 2.0, 3, 4)
	for range 2 {
		require.Equal(t, 36.0, allocarray.Sum(allocarray.Add(ctx, row.Move(), full)))
		require.False(t, row.Live())
		require.Equal(t, 24.0, allocarray.Sum(full))
		row = allocarray.Full(ctx, 1.0, 1, 4)
		require.Equal(t, 36.0, allocarray.Sum(allocarray.Add(ctx, full, row.Move())))
		require.Equal(t, 24.0, allocarray.Sum(full))
		row = allocarray.Full(ctx, 1.0, 1, 4)
	}
	for name, twice := range map[string]func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64]{
		"both": func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
			return allocarray.Add(ctx, x.Move(), x.Move())
		},
		"first": func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
			return allocarray.Add(ctx, x.Move(), x)
		},
		"second": func(x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
			return allocarray.Add(ctx, x, x.Move())
		},
	} {
		x := allocarray.Full(ctx, 3.0, 3, 4)
		at := reflect.ValueOf(x.Data()).Pointer()
		y := twice(x)
		require.False(t, x.Live(), name)
		require.Equal(t, 72.0, allocarray.Sum(y), name)
		require.Equal(t, at, reflect.ValueOf(y.Data()).Pointer(), name)
	}
	x := allocarray.Wrap([]float64{1, 2, 3, 4}, 2, 2).Clone(ctx)
	y := allocarray.Add(ctx, x.Move(), x.Transpose())
	require.Equal(t, []float64{2, 5, 5, 8}, y.Data(), "what shares the memory in another order is read as it was")
}

// TestWhereIntoAnOperand: the destination may be an operand that was not moved, whichever else
// was.
func TestWhereIntoAnOperand(t *testing.T) {
	inMode(t, guard.Off)
	ctx := scope.WithAllocator(t.Context(), trial.NewFreeList())
	ones := func(v float64) allocarray.AllocArray[float64] { return allocarray.Full(ctx, v, 4) }
	mask := func() allocarray.AllocArray[uint8] { return allocarray.Wrap([]uint8{1, 0, 1, 0}).Clone(ctx) }
	a, b, m := ones(1), ones(2), mask()
	allocarray.WhereInto(b, m, a.Move(), b)
	require.Equal(t, []float64{1, 2, 1, 2}, b.Data())
	require.False(t, a.Live())
	a, b = ones(1), ones(2)
	allocarray.WhereInto(a, m, a, b.Move())
	require.Equal(t, []float64{1, 2, 1, 2}, a.Data())
	require.False(t, b.Live())
	b = ones(2)
	allocarray.WhereInto(b, m.Move(), a, b)
	require.Equal(t, []float64{1, 2, 1, 2}, b.Data())
	require.False(t, m.Live())
	for name, fn := range map[string]func(a, b allocarray.AllocArray[float64], m allocarray.AllocArray[uint8]){
		"first": func(a, b allocarray.AllocArray[float64], m allocarray.AllocArray[uint8]) {
			allocarray.WhereInto(a, m, a.Move(), b)
		},
		"second": func(a, b allocarray.AllocArray[float64], m allocarray.AllocArray[uint8]) {
			allocarray.WhereInto(b, m, a, b.Move())
		},
	} {
		require.Contains(t, fmt.Sprint(panicOf(func() { fn(ones(1), ones(2), mask()) })), "is the moved operand", name)
	}
}

package allocarray_test

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

// halfValue is what the bits of a finite binary16 mean, by the definition.
func halfValue(h allocarray.Float16) float64 {
	exponent, fraction := int(h>>10&31), float64(h&1023)
	v := math.Ldexp(1024+fraction, exponent-25)
	if exponent == 0 {
		v = math.Ldexp(fraction, -24)
	}
	if h>>15 == 1 {
		v = -v
	}
	return v
}

func isHalfNaN(h allocarray.Float16) bool { return h&0x7fff > 0x7c00 }

// TestFloat16Exact goes through all 65536: what they mean, and that they survive.
func TestFloat16Exact(t *testing.T) {
	for i := range 1 << 16 {
		h := allocarray.Float16(i)
		f := h.Float32()
		switch {
		case isHalfNaN(h):
			require.True(t, f != f && math.Signbit(float64(f)) == (i>>15 == 1), "%x", i)
			require.Equal(t, h|0x200, allocarray.Float16Of(float64(f)), "%x", i)
			continue
		case h&0x7fff == 0x7c00:
			require.True(t, math.IsInf(float64(f), 1-2*(i>>15)), "%x", i)
		default:
			require.Equal(t, math.Float64bits(halfValue(h)), math.Float64bits(float64(f)), "%x", i)
		}
		require.Equal(t, h, allocarray.Float16Of(float64(f)), "%x", i)
	}
}

// nearestHalf finds the nearest by bisection over exact distances; ties go to even bits.
func nearestHalf(v float64) allocarray.Float16 {
	sign := allocarray.Float16(math.Float64bits(v)>>48) & 0x8000
	v = math.Abs(v)
	if v >= 65520 {
		return sign | 0x7c00
	}
	low, high := allocarray.Float16(0), allocarray.Float16(0x7c00) // 65536 if it were finite
	for high-low > 1 {
		if mid := (low + high) / 2; halfValue(mid) <= v {
			low = mid
		} else {
			high = mid
		}
	}
	distance := func(h allocarray.Float16) *big.Float { return new(big.Float).Sub(number(v), number(halfValue(h))) }
	below, above := distance(low), distance(high)
	switch c := below.Cmp(above.Neg(above)); {
	case c < 0 || c == 0 && low&1 == 0:
		return sign | low
	}
	return sign | high
}

// TestFloat16Rounds: all midpoints and what is just beside them, and random numbers of all
// sizes.
func TestFloat16Rounds(t *testing.T) {
	check := func(v float64) {
		require.Equal(t, nearestHalf(v), allocarray.Float16Of(v), "%b", v)
		require.Equal(t, nearestHalf(-v), allocarray.Float16Of(-v), "%b", -v)
	}
	step := 1
	if testing.Short() || testenv.Slow() {
		step = 37
	}
	for i := 0; i < 0x7c00; i += step {
		h := allocarray.Float16(i)
		middle := (halfValue(h) + halfValue(h+1)) / 2
		check(middle)
		check(math.Nextafter(middle, 0))
		check(math.Nextafter(middle, math.Inf(1)))
	}
	r := newRand()
	for range 20_000 {
		check(math.Ldexp(1+r.Float64(), r.IntN(50)-30))
	}
	for _, v := range []float64{0, 5e-324, 0x1p-25, math.Nextafter(0x1p-25, 1), 0x1p-26, 65504, 65519.99, 65520, 65536, 1e5, math.MaxFloat64} {
		check(v)
	}
	require.Equal(t, allocarray.Float16(0x7c00), allocarray.Float16Of(math.Inf(1)))
	// Rounded once: by way of float32 this would be a tie, and 1.
	require.Equal(t, allocarray.Float16(0x3c01), allocarray.Float16Of(1+0x1p-11+0x1p-40))
}

func TestFloat16String(t *testing.T) {
	for h, want := range map[allocarray.Float16]string{
		0x3c00: "1", 0xc000: "-2", 0x7bff: "65504", 0x7c00: "+Inf", 0x7e00: "NaN", 0x8000: "-0", 0x0001: "5.9604645e-08",
	} {
		require.Equal(t, want, h.String())
	}
	a := allocarray.Wrap([]allocarray.Float16{0x3c00, 0xc000, 0, 0x3800}, 2, 2)
	require.Equal(t, "[[  1  -2]\n [  0 0.5]]", a.String())
}

// TestFloat16Arrays: everything that the documentation says takes them.
func TestFloat16Arrays(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	var stale allocarray.AllocArray[allocarray.Float16]
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		x := allocarray.Arange[float64](ctx, 12).Reshape(3, 4)
		h := allocarray.Convert[allocarray.Float16](ctx, x.Transpose())
		require.Equal(t, x.Transpose().Heap().Data(), allocarray.Convert[float64](ctx, h).Data())
		require.Equal(t, []int8{0, 4, 8}, allocarray.Convert[int8](ctx, h.Index(0, 0)).Data())
		require.Equal(t, h.Data(), allocarray.Convert[allocarray.Float16](ctx, h.Transpose().Transpose()).Data())
		require.Equal(t, h.Data(), allocarray.Convert[allocarray.Float16](ctx, allocarray.Convert[uint64](ctx, h)).Data())
		require.Equal(t, "4", h.At(0, 1).String())
		h.Set(0x3c00, 0, 1)
		require.Equal(t, allocarray.Float16(0x3c00), h.Clone(ctx).AtFlat(1))
		copied := allocarray.New[allocarray.Float16](ctx, 2, 4, 3)
		h.CopyTo(copied)
		require.Equal(t, h.Data(), copied.Index(0, 1).Data())
		copied.SliceStep(2, 0, 3, 2).Fill(allocarray.Float16Of(7))
		require.Equal(t, "7", copied.At(1, 3, 2).String())
		rows := allocarray.Take(ctx, h, allocarray.Wrap([]int{3, 3}), 0)
		require.Equal(t, []float32{3, 7, 11, 3, 7, 11}, allocarray.Convert[float32](ctx, rows).Data())
		picked := allocarray.Gather(ctx, h, allocarray.Full(ctx, 1, 1, 3), 0)
		require.Equal(t, []float32{1, 5, 9}, allocarray.Convert[float32](ctx, picked).Data())
		require.Equal(t, []int{2}, allocarray.Empty[allocarray.Float16](ctx, 2).Shape())
		require.Equal(t, allocarray.Float16(9), allocarray.Full(ctx, allocarray.Float16(9), 70).At(69))
		v := h.Index(1, 0)
		require.Equal(t, elementwiseOverlap("CopyTo", "3", "3"), panicOf(func() { v.Slice(0, 0, 3).CopyTo(v.Slice(0, 1, 4)) }))
		stale = h
		return nil
	}))
	require.Contains(t, fmt.Sprint(panicOf(func() { allocarray.Convert[float32](t.Context(), stale) })), "Convert of a 4×3 allocarray.Float16 array")
}

func TestFloat16NoAllocs(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	x, h := allocarray.New[float32](t.Context(), 20, 3), allocarray.New[allocarray.Float16](t.Context(), 20, 3)
	fn := func(ctx context.Context) error {
		allocarray.ConvertInto(x, allocarray.Convert[allocarray.Float16](ctx, x))
		allocarray.ConvertInto(h.Transpose(), allocarray.Convert[allocarray.Float16](ctx, h.Transpose()))
		return nil
	}
	require.Zero(t, testing.AllocsPerRun(20, func() { _ = scope.NoEscape(ctx, fn) }))
}

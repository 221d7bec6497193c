package uninitialised

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

type array = allocarray.AllocArray[float64]

func badSum(ctx context.Context, x array) float64 { return allocarray.Sum(x.Similar(ctx)) }

func badAt(ctx context.Context, x array) float64 {
	y := x.Similar(ctx)
	return y.At(0)
}

func badOperand(ctx context.Context, x array) array {
	y := x.Similar(ctx)
	return allocarray.Add(ctx, x, y)
}

func badAccumulate(ctx context.Context, x array) array {
	y := x.Similar(ctx)
	allocarray.AddInto(y, y, x)
	return y
}

func badHeap(ctx context.Context, x array) array { return x.Similar(ctx).Heap() }

func badClone(ctx context.Context, x array) array {
	y := x.Similar(ctx, 3, 3)
	return y.Clone(ctx)
}

func badCopyFrom(ctx context.Context, x array) {
	y := x.Similar(ctx)
	y.CopyTo(x)
}

func badBranch(ctx context.Context, x array, fill bool) float64 {
	y := x.Similar(ctx)
	if fill {
		y.Fill(1)
	}
	return allocarray.Max(y)
}

func badLoop(ctx context.Context, x array, n int) float64 {
	acc := x.Similar(ctx)
	for range n {
		allocarray.AddInto(acc, acc, x)
	}
	return allocarray.Sum(acc)
}

func badMask(ctx context.Context, x array) allocarray.AllocArray[uint8] {
	y := x.Similar(ctx)
	return allocarray.Less(ctx, x, y)
}

func badCaptured(ctx context.Context, x array) func() float64 {
	y := x.Similar(ctx)
	s := allocarray.Mean(y)
	return func() float64 { return s }
}

func goodFill(ctx context.Context, x array) float64 {
	y := x.Similar(ctx)
	y.Fill(2)
	return allocarray.Sum(y)
}

func goodInto(ctx context.Context, x array) array {
	y := x.Similar(ctx)
	allocarray.AddInto(y, x, x)
	allocarray.AddInto(y, y, x)
	return y
}

func goodCopyTo(ctx context.Context, x array) float64 {
	y := x.Similar(ctx)
	x.CopyTo(y)
	return y.At(0)
}

func goodSet(ctx context.Context, x array) float64 {
	y := x.Similar(ctx)
	for i := range y.Len() {
		y.Set(1, i)
	}
	return allocarray.Sum(y)
}

func goodData(ctx context.Context, x array) float64 {
	y := x.Similar(ctx)
	copy(y.Data(), x.Data())
	return allocarray.Sum(y)
}

func goodView(ctx context.Context, x array) float64 {
	y := x.Similar(ctx)
	y.Slice(0, 0, 1).Fill(1)
	y.Slice(0, 1, 2).Fill(2)
	return allocarray.Sum(y)
}

func goodHelper(ctx context.Context, x array) float64 {
	y := x.Similar(ctx)
	fill(y)
	return allocarray.Sum(y)
}

func fill(y array) { y.Fill(1) }

func goodReturned(ctx context.Context, x array) array { return x.Similar(ctx) }

func goodShape(ctx context.Context, x array) int { return x.Similar(ctx).Len() }

func goodBothBranches(ctx context.Context, x array, one bool) float64 {
	y := x.Similar(ctx)
	if one {
		y.Fill(1)
	} else {
		allocarray.AbsInto(y, x)
	}
	return allocarray.Sum(y)
}

func goodClosure(ctx context.Context, x array) float64 {
	y := x.Similar(ctx)
	func() { y.Fill(1) }()
	return allocarray.Sum(y)
}

func goodNew(ctx context.Context, x array) float64 {
	return allocarray.Sum(allocarray.New[float64](ctx, 3))
}

func goodSimilarOfSimilar(ctx context.Context, x array) array {
	y := x.Similar(ctx)
	z := y.Similar(ctx)
	allocarray.AbsInto(z, x)
	return z
}

package release

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

type array = allocarray.AllocArray[float64]

func badAfter(ctx context.Context) float64 {
	x := allocarray.New[float64](ctx, 3)
	x.Release(ctx)
	return x.At(0)
}

func badTwice(ctx context.Context) {
	x := allocarray.New[float64](ctx, 3)
	x.Release(ctx)
	x.Release(ctx)
}

func badTwiceConditional(ctx context.Context, early bool) {
	x := allocarray.New[float64](ctx, 3)
	if early {
		x.Release(ctx)
	}
	x.Release(ctx)
}

func badView(ctx context.Context) {
	x := allocarray.New[float64](ctx, 3)
	row := x.Index(0, 1)
	row.Release(ctx)
}

func badViewAfter(ctx context.Context) float64 {
	x := allocarray.New[float64](ctx, 3)
	row := x.Index(0, 1)
	x.Release(ctx)
	return row.At(0)
}

func badData(ctx context.Context) float64 {
	x := allocarray.New[float64](ctx, 3)
	d := x.Data()
	x.Release(ctx)
	return d[0]
}

func badMoved(ctx context.Context, y array) float64 {
	x := allocarray.New[float64](ctx, 3)
	z := allocarray.Add(ctx, x.Move(), y)
	return allocarray.Sum(z) + allocarray.Sum(x)
}

func badMovedTwice(ctx context.Context, y array) array {
	x := allocarray.New[float64](ctx, 3)
	z := allocarray.Add(ctx, x.Move(), y)
	return allocarray.Add(ctx, x.Move(), z)
}

func badParameter(ctx context.Context, x array) float64 {
	x.Release(ctx)
	return allocarray.Sum(x)
}

func badLoop(ctx context.Context, n int) (s float64) {
	x := allocarray.New[float64](ctx, 3)
	for range n {
		s += allocarray.Sum(x)
		x.Release(ctx)
	}
	return s
}

func badAlias(ctx context.Context) float64 {
	x := allocarray.New[float64](ctx, 3)
	y := x
	x.Release(ctx)
	return allocarray.Sum(y)
}

func badSliceReleased(ctx context.Context, x array) { x.Slice(0, 0, 1).Release(ctx) }

func goodRelease(ctx context.Context) float64 {
	x := allocarray.New[float64](ctx, 3)
	s := allocarray.Sum(x)
	x.Release(ctx)
	return s
}

func goodDefer(ctx context.Context) float64 {
	x := allocarray.New[float64](ctx, 3)
	defer x.Release(ctx)
	return allocarray.Sum(x)
}

func goodLoop(ctx context.Context, n int) (s float64) {
	for range n {
		x := allocarray.New[float64](ctx, 3)
		s += allocarray.Sum(x)
		x.Release(ctx)
	}
	return s
}

func goodMove(ctx context.Context, y array) array {
	x := allocarray.New[float64](ctx, 3)
	return allocarray.Add(ctx, x.Move(), y)
}

func goodMoveChain(ctx context.Context, y array) array {
	x := allocarray.New[float64](ctx, 3)
	x = allocarray.Add(ctx, x.Move(), y)
	x = allocarray.Add(ctx, x.Move(), y)
	return x
}

func goodBranches(ctx context.Context, early bool) float64 {
	x := allocarray.New[float64](ctx, 3)
	if early {
		x.Release(ctx)
		return 0
	}
	s := allocarray.Sum(x)
	x.Release(ctx)
	return s
}

func goodCopied(ctx context.Context) float64 {
	x := allocarray.New[float64](ctx, 3)
	y := x.Heap()
	x.Release(ctx)
	return y.At(0)
}

func goodReplaced(ctx context.Context) float64 {
	x := allocarray.New[float64](ctx, 3)
	x.Release(ctx)
	x = allocarray.New[float64](ctx, 4)
	return x.At(1)
}

func goodLive(ctx context.Context) bool {
	x := allocarray.New[float64](ctx, 3)
	x.Release(ctx)
	return x.Live()
}

func goodOther(ctx context.Context) float64 {
	x, y := allocarray.New[float64](ctx, 3), allocarray.New[float64](ctx, 3)
	x.Release(ctx)
	return y.At(0)
}

func badMovedWithoutContext(ctx context.Context) float64 {
	x := allocarray.New[float64](ctx, 3)
	s := allocarray.Sum(x.Move())
	return s + x.At(0)
}

func badTransposed(ctx context.Context, x array) { x.Transpose().Release(ctx) }

func badMovedThenReleased(ctx context.Context, y array) array {
	x := allocarray.New[float64](ctx, 3)
	z := allocarray.Add(ctx, x.Move(), y)
	x.Release(ctx)
	return z
}

func goodMovedAndCopied(ctx context.Context, x array) array { return x.Move().Heap() }

func goodReshaped(ctx context.Context) {
	x := allocarray.New[float64](ctx, 6)
	x.Reshape(2, 3).Release(ctx)
}

func badMovedView(ctx context.Context, x array) array {
	return allocarray.Abs(ctx, x.Slice(0, 0, 1).Move())
}

func badReshapedView(ctx context.Context, x array) { x.Index(0, 1).Reshape(1, -1).Release(ctx) }

func goodReleasedInItsScope() error {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := allocarray.New[float64](ctx, 6)
		allocarray.Sum(x)
		x.Release(ctx)
		y := allocarray.Full(ctx, 1.0, 6)
		allocarray.Sum(y.Move())
		return nil
	})
}

func badReleasedInItsScope() error {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := allocarray.New[float64](ctx, 6)
		x.Release(ctx)
		allocarray.Sum(x)
		return nil
	})
}

// goodInputOfLayers: what layers return may be their input, but few do that.
func goodInputOfLayers(ctx context.Context, layers []nn.Layer, shape ...int) nn.Tensor {
	x := allocarray.New[float32](ctx, shape...)
	y := x
	for _, l := range layers {
		y = l.Forward(ctx, y)
	}
	x.Release(ctx)
	return y
}

func badInputOfLayers(ctx context.Context, layer nn.Layer, shape ...int) nn.Tensor {
	x := allocarray.New[float32](ctx, shape...)
	y := layer.Forward(ctx, x)
	x.Release(ctx)
	return allocarray.Add(ctx, x, y)
}

// transform makes an array, or returns a view of x.
type transform func(ctx context.Context, x array) array

func goodInputOfOthers(ctx context.Context, f transform) array {
	x := allocarray.New[float64](ctx, 6)
	y := f(ctx, x)
	x.Release(ctx)
	return y
}

// doubled releases an array of its own.
func doubled(ctx context.Context, x array) array {
	sum := allocarray.Add(ctx, x, x)
	y := allocarray.Abs(ctx, sum)
	sum.Release(ctx)
	return y
}

func goodOfOthers(ctx context.Context, x array) float64 {
	y := doubled(ctx, x)
	z := y.At(0)
	y.Release(ctx)
	return z
}

func badOfOthers(ctx context.Context, x array) float64 {
	y := doubled(ctx, x)
	y.Release(ctx)
	return y.At(0)
}

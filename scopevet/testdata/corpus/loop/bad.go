package loop

import (
	"bufio"
	"context"
	"slices"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

type array = allocarray.AllocArray[float64]

func badRange(ctx context.Context, xs []array) (s float64) {
	for _, x := range xs {
		s += allocarray.Sum(allocarray.Abs(ctx, x))
	}
	return s
}

func badCount(ctx context.Context) (s float64) {
	for i := 0; i < 1000; i++ {
		tmp := scope.Make[float64](ctx, 128)
		tmp[0] = float64(i)
		s += tmp[0]
	}
	return s
}

func badInfinite(ctx context.Context, in <-chan array, out chan<- float64) {
	for {
		out <- allocarray.Sum(allocarray.Abs(ctx, <-in))
	}
}

func badChannel(ctx context.Context, in <-chan array) (s float64) {
	for x := range in {
		s += allocarray.Sum(allocarray.Square(ctx, x))
	}
	return s
}

func badChannelHelper(ctx context.Context, in <-chan []float64) (s float64) {
	for x := range in {
		s += lib.Smooth(ctx, x)
	}
	return s
}

func badScanner(ctx context.Context, sc *bufio.Scanner) (n int) {
	for sc.Scan() {
		line := scope.Make[byte](ctx, len(sc.Bytes()))
		n += copy(line, sc.Bytes())
	}
	return n
}

func badNested(ctx context.Context, n int) (s float64) {
	for i := range n {
		for j := range n {
			s += scope.Make[float64](ctx, 3)[(i+j)%3]
		}
	}
	return s
}

func badBuffer(xs []array) (s float64) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	for _, x := range xs {
		s += allocarray.Sum(allocarray.Abs(ctx, x))
	}
	return s
}

func badBufferHelper(xs [][]float64) (s float64) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	for _, x := range xs {
		s += lib.Smooth(ctx, x)
	}
	return s
}

func badShared(xs []array) (s float64) {
	ctx := locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
	for _, x := range xs {
		s += allocarray.Sum(allocarray.Abs(ctx, x))
	}
	return s
}

func badInScope(ctx context.Context, xs []array) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		for _, x := range xs {
			s += allocarray.Sum(allocarray.Abs(ctx, x))
		}
		return nil
	})
	return s
}

func badInScopeHelper(ctx context.Context, xs [][]float64) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		for _, x := range xs {
			s += lib.Smooth(ctx, x)
		}
		return nil
	})
	return s
}

func badOpen(ctx context.Context, xs []array) (s float64) {
	ctx, sc := scope.Open(ctx)
	defer sc.End()
	for _, x := range xs {
		s += allocarray.Sum(allocarray.Abs(ctx, x))
	}
	return s
}

func badForward(ctx context.Context, m *nn.Chain, in <-chan nn.Tensor, out []float32) {
	for x := range in {
		copy(out, m.Forward(ctx, x).Data())
	}
}

func badWorker(ctx context.Context, in <-chan array, out chan<- float64) error {
	g := locked.NewGroup(ctx)
	g.Go(func(ctx context.Context) error {
		for x := range in {
			out <- allocarray.Sum(allocarray.Abs(ctx, x))
		}
		return nil
	})
	return g.Wait()
}

func badGoroutine(ctx context.Context, in <-chan array, out chan<- float64) {
	go func() {
		for x := range in {
			out <- allocarray.Sum(allocarray.Abs(ctx, x))
		}
	}()
}

func badIterator(ctx context.Context, xs []array) (s float64) {
	for x := range slices.Values(xs) {
		s += allocarray.Sum(allocarray.Abs(ctx, x))
	}
	return s
}

func badConditional(ctx context.Context, xs []array) (s float64) {
	for _, x := range xs {
		if x.Len() > 10 {
			s += allocarray.Sum(allocarray.Abs(ctx, x))
		}
	}
	return s
}

func badCopied(ctx context.Context, xs []array) (out []array) {
	for _, x := range xs {
		out = append(out, allocarray.Abs(ctx, x).Heap())
	}
	return out
}

func badClosure(ctx context.Context, in <-chan array) (s float64) {
	abs := func(x array) float64 { return allocarray.Sum(allocarray.Abs(ctx, x)) }
	for x := range in {
		s += abs(x)
	}
	return s
}

func badGoto(ctx context.Context, in func() (array, bool)) (s float64) {
again:
	x, ok := in()
	if ok {
		s += allocarray.Sum(allocarray.Abs(ctx, x))
		goto again
	}
	return s
}

func badTwoHelpers(ctx context.Context, in <-chan []float64) (s float64) {
	for x := range in {
		s += smoothTwice(ctx, x)
	}
	return s
}

func smoothTwice(ctx context.Context, x []float64) float64 {
	return lib.Smooth(ctx, x) + lib.Smooth(ctx, x)
}

func badGeneric[T allocarray.Element](ctx context.Context, xs []allocarray.AllocArray[T]) (s T) {
	for _, x := range xs {
		s += allocarray.Sum(allocarray.Abs(ctx, x))
	}
	return s
}

func badBuilder(ctx context.Context, lines []string) (n int) {
	for _, l := range lines {
		b := scope.NewBuilder[byte](ctx, len(l))
		b.Append([]byte(l)...)
		n += b.Len()
	}
	return n
}

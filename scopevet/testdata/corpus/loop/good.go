package loop

import (
	"context"
	"slices"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

func goodScope(ctx context.Context, xs []array) (s float64) {
	for _, x := range xs {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			s += allocarray.Sum(allocarray.Abs(ctx, x))
			return nil
		})
	}
	return s
}

func goodOpen(ctx context.Context, xs []array) (s float64) {
	for _, x := range xs {
		c, sc := scope.Open(ctx)
		s += allocarray.Sum(allocarray.Abs(c, x))
		_ = sc.End()
	}
	return s
}

func goodScopedHelper(ctx context.Context, in <-chan array) (s float64) {
	for x := range in {
		s += scopedSum(ctx, x)
	}
	return s
}

func scopedSum(ctx context.Context, x array) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		s = allocarray.Sum(allocarray.Abs(ctx, x))
		return nil
	})
	return s
}

func goodLib(ctx context.Context, in <-chan []float64) (s float64) {
	for x := range in {
		v, _ := lib.Scoped(ctx, func(ctx context.Context) (float64, error) { return lib.Smooth(ctx, x), nil })
		s += v
	}
	return s
}

func goodReset(in <-chan array) (s float64) {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	for x := range in {
		s += allocarray.Sum(allocarray.Abs(ctx, x))
		_ = buf.Reset()
	}
	return s
}

func goodRestore(in <-chan array) (s float64) {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	for x := range in {
		cp := buf.Checkpoint()
		s += allocarray.Sum(allocarray.Abs(ctx, x))
		_ = buf.Restore(cp)
	}
	return s
}

func goodCollect(ctx context.Context, xs []array) []array {
	var out []array
	for _, x := range xs {
		out = append(out, allocarray.Abs(ctx, x))
	}
	return out
}

func goodFill(ctx context.Context, xs []array) []array {
	out := make([]array, len(xs))
	for i, x := range xs {
		out[i] = allocarray.Abs(ctx, x)
	}
	return out
}

func goodMap(ctx context.Context, xs map[string]array) map[string]array {
	out := map[string]array{}
	for k, x := range xs {
		out[k] = allocarray.Abs(ctx, x)
	}
	return out
}

func goodCarried(ctx context.Context, layers []nn.Layer, x nn.Tensor) nn.Tensor {
	for _, l := range layers {
		x = l.Forward(ctx, x)
	}
	return x
}

func goodAccumulated(ctx context.Context, xs []array) array {
	sum := xs[0]
	for _, x := range xs[1:] {
		sum = allocarray.Add(ctx, sum, x)
	}
	return sum
}

func goodFew(ctx context.Context, x array) (s float64) {
	for i := range 3 {
		s += allocarray.Sum(allocarray.MulScalar(ctx, x, float64(i)))
	}
	return s
}

func goodFound(ctx context.Context, xs []array) array {
	for _, x := range xs {
		if x.Len() > 3 {
			return allocarray.Abs(ctx, x)
		}
	}
	return array{}
}

func goodFoundNumber(ctx context.Context, xs []array) float64 {
	for _, x := range xs {
		if x.Len() > 3 {
			return allocarray.Sum(allocarray.Abs(ctx, x))
		}
	}
	return 0
}

func goodHoisted(ctx context.Context, xs []array) (s float64) {
	tmp := xs[0].Similar(ctx)
	for _, x := range xs {
		allocarray.AbsInto(tmp, x)
		s += allocarray.Sum(tmp)
	}
	return s
}

func goodBuilder(ctx context.Context, lines []string) []byte {
	b := scope.NewBuilder[byte](ctx, 100)
	for _, l := range lines {
		b.Append([]byte(l)...)
	}
	return b.View()
}

func goodHeap(xs []array) (s float64) {
	ctx := context.Background()
	for _, x := range xs {
		s += allocarray.Sum(allocarray.Abs(ctx, x))
	}
	return s
}

func goodOwnBuffer(xs []array) (s float64) {
	for _, x := range xs {
		ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
		s += allocarray.Sum(allocarray.Abs(ctx, x))
	}
	return s
}

func goodIterator(ctx context.Context, xs []array) (s float64) {
	for x := range slices.Values(xs) {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			s += allocarray.Sum(allocarray.Abs(ctx, x))
			return nil
		})
	}
	return s
}

func goodIteratorCollect(ctx context.Context, xs []array) (out []array) {
	for x := range slices.Values(xs) {
		out = append(out, allocarray.Abs(ctx, x))
	}
	return out
}

func goodBest(ctx context.Context, xs []array) (best array) {
	for _, x := range xs {
		y := allocarray.Abs(ctx, x)
		if best.Len() < y.Len() {
			best = y
		}
	}
	return best
}

func goodUntil(ctx context.Context, x array) array {
	for allocarray.Sum(x) > 1 {
		x = allocarray.MulScalar(ctx, x, 0.5)
	}
	return x
}

func goodFields(ctx context.Context, m *model) {
	for i := range m.weights {
		m.weights[i] = allocarray.New[float64](ctx, 10)
	}
}

type model struct{ weights []array }

func goodSent(ctx context.Context, xs []array, out chan<- array) {
	for _, x := range xs {
		out <- allocarray.Abs(ctx, x)
	}
}

package escape

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

func goodHeap(ctx context.Context, x array) array {
	var out array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = allocarray.Add(ctx, x, x).Heap()
		return nil
	})
	return out
}

func goodHeapLater(ctx context.Context, x array) array {
	var out array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = allocarray.Add(ctx, x, x)
		out = out.Heap()
		return nil
	})
	return out
}

func goodClone(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = slices.Clone(scope.Make[float64](ctx, 10))
		return nil
	})
	return out
}

func goodAppendClone(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		tmp := scope.Make[float64](ctx, 10)
		out = append(out, tmp...)
		return nil
	})
	return out
}

func goodAppendZero(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		tmp := scope.Make[float64](ctx, 10)
		out = append(tmp[:0:0], tmp...)
		return nil
	})
	return out
}

func goodCopyTo(ctx context.Context, x array) array {
	out := allocarray.New[float64](ctx, x.Len())
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		allocarray.Neg(ctx, x).CopyTo(out)
		return nil
	})
	return out
}

func goodInto(ctx context.Context, x array) array {
	out := x.Similar(ctx)
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		t := allocarray.Neg(ctx, x)
		allocarray.AddInto(out, t, x)
		return nil
	})
	return out
}

func goodCopyBuiltin(ctx context.Context, dst []float64) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		tmp := scope.Make[float64](ctx, len(dst))
		tmp[0] = 2
		copy(dst, tmp)
		return nil
	})
}

func goodScalar(ctx context.Context, x array) (mean float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		mean = allocarray.Mean(allocarray.Square(ctx, x))
		return nil
	})
	return mean
}

func goodElement(ctx context.Context) float64 {
	var v float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		v = scope.Make[float64](ctx, 10)[3]
		return nil
	})
	return v
}

func goodString(ctx context.Context) string {
	var s string
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b := scope.Make[byte](ctx, 10)
		s = string(b)
		return nil
	})
	return s
}

func goodSprint(ctx context.Context, x array) (s string) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		s = fmt.Sprint(allocarray.Neg(ctx, x))
		return nil
	})
	return s
}

func goodFormatted(ctx context.Context, x array) string {
	var b strings.Builder
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b.WriteString(allocarray.Neg(ctx, x).String())
		return nil
	})
	return b.String()
}

func goodShape(ctx context.Context, x array) []int {
	var shape []int
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		shape = allocarray.MatMul(ctx, x, x).Shape()
		return nil
	})
	return shape
}

func goodUsedInside(ctx context.Context) (s float64) {
	var x []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x = scope.Make[float64](ctx, 10)
		s = lib.Sum(x)
		return nil
	})
	return s
}

func goodScratch(ctx context.Context, n int) (s float64) {
	var scratch []float64
	for i := range n {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			scratch = scope.Make[float64](ctx, i)
			s += lib.Sum(scratch)
			return nil
		})
	}
	return s
}

func goodCleared(ctx context.Context) []float64 {
	var x []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x = scope.Make[float64](ctx, 10)
		x[0] = 1
		return nil
	})
	x = nil
	return x
}

func goodOnlyLength(ctx context.Context) int {
	var x []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x = scope.Make[float64](ctx, 10)
		return nil
	})
	if x == nil {
		return 0
	}
	return len(x)
}

func goodOnlyLive(ctx context.Context) bool {
	var x array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x = allocarray.New[float64](ctx, 3)
		return nil
	})
	return x.Live() || x.Rank() == 1
}

func goodSimilarToStale(ctx context.Context) array {
	var x array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x = allocarray.New[float64](ctx, 3)
		return nil
	})
	return x.Similar(ctx)
}

func goodFieldOfOwnStruct(ctx context.Context) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b := lib.NewBox(scope.Make[float64](ctx, 3))
		s = b.Total()
		return nil
	})
	return s
}

func goodOtherField(ctx context.Context) string {
	var b lib.Box
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		t := lib.Box{Data: scope.Make[float64](ctx, 3), Note: "n"}
		b.Note = t.Note
		return nil
	})
	return b.Note
}

func goodOtherFieldRead(ctx context.Context) ([]float64, error) {
	var r struct{ tmp, out []float64 }
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		r.tmp = scope.Make[float64](ctx, 3)
		r.out = slices.Clone(r.tmp)
		return nil
	})
	return r.out, err
}

func goodStructFieldCleared(ctx context.Context) *lib.Box {
	var out *lib.Box
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b := &lib.Box{}
		b.Data = scope.Make[float64](ctx, 3)
		b.Note = fmt.Sprint(lib.Sum(b.Data))
		b.Data = nil
		out = b
		return nil
	})
	return out
}

func (s *server) goodFieldCleared(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.last = scope.Make[float64](ctx, 3)
		println(s.total())
		s.last = nil
		return nil
	})
}

func (s *server) goodFieldDeferCleared(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		defer func() { s.last = nil }()
		s.last = scope.Make[float64](ctx, 3)
		if s.total() > 1 {
			return errors.New("too large")
		}
		return nil
	})
}

func (s *server) goodFieldClearedAfter(ctx context.Context) error {
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		s.last = scope.Make[float64](ctx, 3)
		return nil
	})
	s.last = nil
	return err
}

func (s *server) goodFieldRestored(ctx context.Context) error {
	old := s.last
	defer func() { s.last = old }()
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.last = scope.Make[float64](ctx, 3)
		return nil
	})
}

func (s *server) goodFieldClearedByMethod(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.last = scope.Make[float64](ctx, 3)
		s.forget()
		return nil
	})
}

func (s *server) forget() { s.last = nil }

func (s *server) total() float64 { return lib.Sum(s.last) }

func (s *server) goodFieldCopied(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.last = lib.Copy(scope.Make[float64](ctx, 3))
		s.store.PutCopy("a", scope.Make[float64](ctx, 3))
		return nil
	})
}

func (s *server) goodChannelCopy(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.out <- slices.Clone(scope.Make[float64](ctx, 3))
		return nil
	})
}

func (s *server) goodForward(ctx context.Context, x nn.Tensor) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.cached = s.model.Forward(ctx, x).Heap()
		return nil
	})
}

func goodLocalChannel(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		ch := make(chan []float64, 1)
		ch <- scope.Make[float64](ctx, 3)
		x := <-ch
		x[0] = 1
		return nil
	})
}

func goodLocalMap(ctx context.Context) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		m := map[string][]float64{}
		m["a"] = scope.Make[float64](ctx, 3)
		for _, x := range m {
			s += lib.Sum(x)
		}
		return nil
	})
	return s
}

func goodRows(ctx context.Context) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		var rows [][]float64
		for i := range 4 {
			rows = append(rows, scope.Make[float64](ctx, i))
		}
		for _, r := range rows {
			s += lib.Sum(r)
		}
		return nil
	})
	return s
}

func goodDeepCopy(ctx context.Context) [][]float64 {
	var out [][]float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		rows := [][]float64{scope.Make[float64](ctx, 3)}
		for _, r := range rows {
			out = append(out, slices.Clone(r))
		}
		return nil
	})
	return out
}

func goodBoxClone(ctx context.Context) *lib.Box {
	var out *lib.Box
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b := lib.NewBox(scope.Make[float64](ctx, 3))
		out = b.Clone()
		return nil
	})
	return out
}

func goodBothPathsCopy(ctx context.Context, deep bool) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 4)
		if deep {
			out = slices.Clone(x)
		} else {
			out = append([]float64{}, x...)
		}
		return nil
	})
	return out
}

func goodResultOfOuter(ctx context.Context, x array) array {
	out := allocarray.New[float64](ctx, 3)
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		t := allocarray.Abs(ctx, x)
		out.Fill(allocarray.Sum(t))
		return nil
	})
	return out
}

func goodInput(ctx context.Context, x array) array {
	var out array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		_ = allocarray.Abs(ctx, x)
		out = x.Transpose()
		return nil
	})
	return out
}

func goodHeapContext(ctx context.Context, x array) array {
	var out array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		t := allocarray.Abs(ctx, x)
		out = t.Clone(scope.WithAllocator(ctx, scope.Heap()))
		return nil
	})
	return out
}

func goodBackground(ctx context.Context, x array) array {
	var out array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = allocarray.Abs(ctx, x).Clone(context.Background())
		return nil
	})
	return out
}

func goodOnHeap() []float64 {
	ctx := context.Background()
	return scope.Make[float64](ctx, 10)
}

func goodCallersScope(ctx context.Context, x array) array {
	return allocarray.Abs(ctx, x) // the caller's scope
}

func goodCallersScopeData(ctx context.Context, n int) []float64 {
	x := allocarray.New[float64](ctx, n)
	x.Fill(1)
	return x.Data()
}

func goodOpenLeftToCaller(ctx context.Context) ([]float64, *scope.Scope) {
	ctx, s := scope.Open(ctx)
	return scope.Make[float64](ctx, 10), s
}

func goodOpenCopied(ctx context.Context) []float64 {
	ctx, s := scope.Open(ctx)
	defer s.End()
	return slices.Clone(scope.Make[float64](ctx, 10))
}

func goodOpenNumber(ctx context.Context, x array) float64 {
	ctx, s := scope.Open(ctx)
	defer func() { _ = s.End() }()
	return allocarray.Sum(allocarray.Exp(ctx, x))
}

func goodScoped(ctx context.Context) (float64, error) {
	return lib.Scoped(ctx, func(ctx context.Context) (float64, error) {
		return lib.Sum(scope.Make[float64](ctx, 3)), nil
	})
}

func goodScopedCopy(ctx context.Context) ([]float64, error) {
	return lib.Scoped(ctx, func(ctx context.Context) ([]float64, error) {
		return slices.Clone(scope.Make[float64](ctx, 3)), nil
	})
}

func goodScopedBox(ctx context.Context) (*lib.Box, error) {
	return lib.Scoped(ctx, func(ctx context.Context) (*lib.Box, error) {
		return lib.NewBox(lib.Temp(ctx, 3)).Clone(), nil
	})
}

func goodIn(ctx context.Context) (s float64) {
	_ = lib.In(ctx, func(ctx context.Context) { s = lib.Smooth(ctx, []float64{1, 2}) })
	return s
}

func goodError(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		if y := allocarray.Abs(ctx, x); allocarray.Sum(y) > 1 {
			return fmt.Errorf("sum of %v is %v", y.Shape(), allocarray.Sum(y))
		}
		return nil
	})
}

func goodErrorCopy(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		return &dataError{slices.Clone(scope.Make[float64](ctx, 2))}
	})
}

func goodErrorUnrelated(ctx context.Context, load func() error) (err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 2)
		x[0] = 1
		return load()
	})
	return err
}

func goodWorker(ctx context.Context, parts [][]float64) ([]float64, error) {
	sums := make([]float64, len(parts))
	g := locked.NewGroup(ctx)
	for i, p := range parts {
		g.Go(func(ctx context.Context) error {
			tmp := scope.Make[float64](ctx, len(p))
			copy(tmp, p)
			sums[i] = lib.Sum(tmp)
			return nil
		})
	}
	return sums, g.Wait()
}

func goodWorkerInto(ctx context.Context, xs []array) ([]array, error) {
	outs := make([]array, len(xs))
	for i, x := range xs {
		outs[i] = x.Similar(ctx)
	}
	g := locked.NewGroup(ctx)
	for i, x := range xs {
		g.Go(func(ctx context.Context) error {
			allocarray.Neg(ctx, x).CopyTo(outs[i])
			return nil
		})
	}
	return outs, g.Wait()
}

func goodGeneric[T allocarray.Element](ctx context.Context) []T {
	var out []T
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = slices.Clone(scope.Make[T](ctx, 3))
		return nil
	})
	return out
}

func goodGenericRing(ctx context.Context, r *ring[[]float64]) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		r.put(slices.Clone(scope.Make[float64](ctx, 3)))
		return nil
	})
}

func goodGenericNumbers(ctx context.Context, r *ring[float64]) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		for _, v := range scope.Make[float64](ctx, 3) {
			r.put(v)
		}
		return nil
	})
}

func goodIterator(ctx context.Context, xs []array) (best float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		for v := range slices.Values(scope.Make[float64](ctx, 10)) {
			best = max(best, v)
		}
		return nil
	})
	return best
}

func goodSorted(ctx context.Context, x []float64) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		t := scope.Make[float64](ctx, len(x))
		copy(t, x)
		out = slices.Sorted(slices.Values(t))
		return nil
	})
	return out
}

func goodAppendToFull(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 4) // its capacity is its length
		out = append(x, 1)
		return nil
	})
	return out
}

func goodMethodValueInside(ctx context.Context) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := allocarray.New[float64](ctx, 4)
		get := x.At
		s = get(1) + get(2)
		return nil
	})
	return s
}

func goodClosureInside(ctx context.Context) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 4)
		total := func() float64 { return lib.Sum(x) }
		s = total()
		return nil
	})
	return s
}

func goodDeferInside(ctx context.Context) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 4)
		defer func() { s = x[0] }()
		x[0] = 2
		return nil
	})
	return s
}

func goodVisitor(ctx context.Context) float64 {
	v := &summer{}
	var i lib.Visitor = v
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		i.Visit(scope.Make[float64](ctx, 3))
		return nil
	})
	return v.sum
}

type summer struct{ sum float64 }

func (v *summer) Visit(x []float64) { v.sum += lib.Sum(x) }

func goodEach(ctx context.Context) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		lib.Each(scope.Make[float64](ctx, 3), func(v float64) { s += v })
		return nil
	})
	return s
}

func goodLocalBuffer(x array) float64 {
	buf := bumper.NewSlabBuffer()
	defer buf.Close()
	ctx := scope.WithAllocator(context.Background(), buf)
	return allocarray.Sum(allocarray.Abs(ctx, x))
}

func goodBufferCopied(x array) array {
	buf := bumper.NewSlabBuffer()
	defer buf.Reset()
	ctx := scope.WithAllocator(context.Background(), buf)
	return allocarray.Abs(ctx, x).Heap()
}

func goodBufferReturnedToo() (*bumper.SlabBuffer, []float64) {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	return buf, scope.Make[float64](ctx, 3)
}

func goodReassigned(ctx context.Context, x array) array {
	y := x
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		y = allocarray.Abs(ctx, x)
		println(allocarray.Sum(y))
		y = x
		return nil
	})
	return y
}

func goodCapturedReplaced(ctx context.Context, x array) array {
	var y array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		y = allocarray.Abs(ctx, x)
		println(allocarray.Sum(y))
		return nil
	})
	y = allocarray.Abs(ctx, x)
	return y
}

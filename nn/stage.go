package nn

import (
	"context"
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/internal/conv"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
)

// A stage is a Conv2D and what comes behind it, as far as it can be computed with it: a
// BatchNorm, which becomes part of the weights; a ReLU; another BatchNorm and its ReLU; and
// a pooling layer. Package conv takes some lines of the output through all of them before it goes on
// to the next, so that what lies between them stays in the cache.
type stage struct {
	layers []Layer
	conv   *Conv2D
	joined *convNorm  // conv and the BatchNorm behind it; nil for conv alone
	act    bool       // a ReLU behind the convolution
	norm   *BatchNorm // behind that, or nil
	relu   bool       // behind norm
	pool   *pooling   // behind all, or nil
}

// newStage returns c, the first of the layers, with as many of the others as can be
// computed with it, and how many these are all together.
func newStage(c *Conv2D, layers []Layer) (s *stage, taken int) {
	s, taken = &stage{conv: c}, 1
	next := func() Layer {
		if taken < len(layers) {
			return layers[taken]
		}
		return nil
	}
	if b, ok := next().(*BatchNorm); ok && b.Channels() == c.Out() {
		s.joined = newConvNorm(c, b)
		taken++
	}
	if isReLU(next()) {
		s.act = true
		taken++
	}
	if b, ok := next().(*BatchNorm); ok && b.Channels() == c.Out() {
		s.norm = b
		if taken++; isReLU(next()) {
			s.relu = true
			taken++
		}
	}
	if p, ok := newPooling(next()); ok {
		s.pool = &p
		taken++
	}
	s.layers = layers[:taken:taken]
	return s, taken
}

// Forward computes the layers: one by one if parameters have changed since they were
// joined, or if one of them does not take its input, and says so.
func (s *stage) Forward(ctx context.Context, x Tensor) Tensor {
	f := s.conv.filters
	if s.joined != nil {
		f = s.joined.filters
	}
	shape, ok := s.shape(x)
	if !ok || s.joined != nil && !s.joined.isCurrent() {
		for _, l := range s.layers {
			x = l.Forward(ctx, x)
		}
		return x
	}
	y := x.Similar(ctx, shape[:]...)
	copied := !x.IsContiguous()
	if copied {
		x = x.Clone(ctx)
	}
	s.run(ctx, f, x, y)
	requireLive(&x, &y)
	if copied {
		release(ctx, x)
	}
	return y
}

// shape returns the shape of the output, and whether all layers take their input.
func (s *stage) shape(x Tensor) (shape [4]int, ok bool) {
	height, width := s.conv.window.fit(x)
	if height == 0 || x.Dim(3) != s.conv.In() {
		return shape, false
	}
	if s.pool != nil {
		if height, width = s.pool.window.fitSize(height, width); height == 0 || s.pool.window.checkPool() != nil {
			return shape, false
		}
	}
	return [4]int{x.Dim(0), height, width, s.conv.Out()}, true
}

// run computes y from x, which is contiguous, with the helpers of ctx if there is much to compute. It releases what
// memory it takes.
func (s *stage) run(ctx context.Context, f *conv.Filters, x, y Tensor) {
	padding := s.conv.window.Padding
	c, ok := conv.New(f, x.Dim(1), x.Dim(2), padding, padding)
	if !ok {
		n := (x.Dim(1) + 2*padding[0]) * (x.Dim(2) + 2*padding[1]) * x.Dim(3)
		panic(fmt.Sprintf("nn: %v: image of %d elements, padding included, want at most %d", s.conv, n, math.MaxInt32))
	}
	if y.Len() == 0 {
		return
	}
	run := conv.Stage{Conv: c, Batch: x.Dim(0), ReLU: s.act, X: x.Data(), Dst: y.Data()}
	if s.norm != nil {
		run.After, run.Arg = normalize, s.norm.affine
		if s.relu {
			run.After = normalizeReLU
		}
	}
	if s.pool != nil {
		height, width := c.Size()
		run.Pool = s.pool.of(height, width)
	}
	workers, room := run.Cut(helpersOf(ctx, run.MultiplyAdds()))
	memory := newWorkspace(ctx, workers*room, c.Table())
	run.Rooms = pieces.NewRooms(memory.floats(), room)
	run.Conv.SetTable(memory.integers())
	run.Run()
	memory.release(ctx)
}

// normalize is a BatchNorm as the epilogue of a convolution.
func normalize(norm any, _ int, part []float32, _ int) { norm.(*affine).apply(part, part, false) }

// normalizeReLU is normalize with a ReLU behind it.
func normalizeReLU(norm any, _ int, part []float32, _ int) { norm.(*affine).apply(part, part, true) }

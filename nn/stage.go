package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// A stage is a Conv2D and what comes behind it, as far as it can be computed with it: a
// BatchNorm, which becomes part of the weights; a ReLU; another BatchNorm and its ReLU; and
// a pooling layer. It takes some lines of the output through all of them before it goes on
// to the next, so that what lies between them stays in the cache.
type stage struct {
	layers []Layer
	conv   *Conv2D
	joined *convNorm       // conv and the BatchNorm behind it; nil for conv alone
	act    gemm.Activation // behind the convolution
	norm   *BatchNorm      // behind that, or nil
	relu   bool            // behind norm
	pool   *pooling        // behind all, or nil
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
		s.act = gemm.ReLU
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
	w := newSweep(s.conv, f, s.act, x)
	s.run(ctx, &w, y)
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

// run computes y, with the helpers of ctx if there is much to compute.
func (s *stage) run(ctx context.Context, w *sweep, y Tensor) {
	if y.Len() == 0 {
		return
	}
	h, workers := helpersFor(ctx, w.multiplyAdds(y.Dim(0)))
	if workers > 1 && w.sharesFilters() {
		w.helpers, w.workers, workers = h, workers, 1
	}
	p := newBands(s, w, y, workers)
	p.prepare(ctx, workers)
	if workers == 1 {
		for i := range p.pieces() {
			p.RunPiece(0, i)
		}
		return
	}
	t := spareBands.take()
	*t = p
	h.RunPieces(t.pieces(), t)
	spareBands.put(t)
}

// plane is the image that is pooled.
func (s *stage) plane(w *sweep) plane { return plane{w.height, w.width, s.conv.Out()} }

// compute sets dst to some lines before the pooling.
func (s *stage) compute(w *sweep, dst []float32, n, images, from, to int) {
	w.lines(dst, n, images, from, to)
	if s.norm != nil {
		s.norm.affine.apply(dst, dst, s.relu)
	}
}

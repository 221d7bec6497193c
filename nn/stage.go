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
	if !x.IsContiguous() {
		x = x.Clone(ctx)
	}
	w := newSweep(s.conv, f, s.act, x)
	s.run(ctx, &w, y)
	requireLive(&x, &y)
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

// run computes y.
func (s *stage) run(ctx context.Context, w *sweep, y Tensor) {
	batch, out := y.Dim(0), y.Data()
	line := w.width * s.conv.Out()
	if len(out) == 0 {
		return
	}
	lines := w.atATime()
	if lines >= w.height {
		s.images(ctx, w, out, batch, min(batch, max(1, lines/w.height)))
		return
	}
	w.prepare(ctx, 1, lines)
	if s.pool == nil {
		for n := range batch {
			for from := 0; from < w.height; from += lines {
				to := min(from+lines, w.height)
				s.compute(w, out[(n*w.height+from)*line:(n*w.height+to)*line], n, 1, from, to)
			}
		}
		return
	}
	room := floats(ctx, (lines+s.pool.window.Size[0])*line)
	for n := range batch {
		s.bands(w, out[n*len(out)/batch:(n+1)*len(out)/batch], room, n, lines)
	}
}

// images computes the output, group images at a time.
func (s *stage) images(ctx context.Context, w *sweep, out []float32, batch, group int) {
	w.prepare(ctx, group, w.height)
	size, result := w.height*w.width*s.conv.Out(), len(out)/batch
	var room []float32
	if s.pool != nil {
		room = floats(ctx, group*size)
	}
	for n := 0; n < batch; n += group {
		g := min(group, batch-n)
		to := out[n*result : (n+g)*result]
		if s.pool == nil {
			s.compute(w, to, n, g, 0, w.height)
			continue
		}
		s.compute(w, room[:g*size], n, g, 0, w.height)
		for i := range g {
			s.pool.lines(to[i*result:(i+1)*result], room[i*size:(i+1)*size], s.plane(w), 0, 0, result/s.pool.lineLen(s.plane(w)))
		}
	}
}

// bands computes one pooled image, in bands of so many lines of the convolution. Lines that
// two windows share are kept from one band for the next.
func (s *stage) bands(w *sweep, out, room []float32, n, lines int) {
	p := s.plane(w)
	line, result := w.width*p.channels, s.pool.lineLen(p)
	height := len(out) / result
	top, done := 0, 0 // room holds lines from top to done
	for r := 0; r < height; {
		to := min(done+lines, w.height)
		s.compute(w, room[(done-top)*line:(to-top)*line], n, 1, done, to)
		done = to
		last := r
		for last < height {
			if _, bottom := s.pool.window.under(0, last, w.height); bottom > done {
				break
			}
			last++
		}
		s.pool.lines(out[r*result:last*result], room, p, top, r, last)
		if r = last; r < height {
			keep, _ := s.pool.window.under(0, r, w.height)
			if keep = min(keep, done); keep > top {
				copy(room, room[(keep-top)*line:(done-top)*line])
				top = keep
			}
		}
	}
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

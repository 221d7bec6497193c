package nn

import "context"

// bands are the pieces of a stage: some images each, or some lines of one image. These lines go through the
// stage in bands of less, so that what lies between its layers stays in the cache.
type bands struct {
	stage stage
	sweep sweep
	out   []float32
	batch int

	groups int // pieces of whole images; 0 if images are cut
	parts  int // pieces of each image, if they are cut
	lines  int // of the convolution at a time, if images are cut

	room     []float32 // what the convolution gives, for each worker, if there is a pooling layer
	roomSize int
}

var spareBands spares[bands]

// newBands cuts a stage for so many workers.
func newBands(s *stage, w *sweep, y Tensor, workers int) bands {
	b := bands{stage: *s, sweep: *w, out: y.Data(), batch: y.Dim(0), lines: w.atATime()}
	if b.lines >= w.height {
		b.groups = ceil(b.batch, min(b.batch, max(1, b.lines/w.height)))
		if workers == 1 || b.batch >= workers {
			b.groups = min(b.batch, ceil(b.groups, workers)*workers)
			return b
		}
		b.groups, b.lines = 0, w.height
	}
	b.parts = 1
	if workers == 1 || b.batch >= 4*workers {
		return b
	}
	all := b.batch * ceil(w.height, b.lines)
	if s.pool != nil { // parts may compute lines twice that windows share
		all = workers
	}
	b.parts = min(ceil(ceil(all, workers)*workers, b.batch), b.units())
	return b
}

// units is how many parts an image could have: the lines of the result, of a convolution without
// pooling two and two.
func (b *bands) units() int {
	if b.stage.pool == nil {
		return ceil(b.sweep.height, 2)
	}
	return len(b.out) / b.batch / b.stage.pool.lineLen(b.stage.plane(&b.sweep))
}

func (b *bands) pieces() int {
	if b.groups > 0 {
		return b.groups
	}
	return b.batch * b.parts
}

// prepare takes the memory for so many workers.
func (b *bands) prepare(ctx context.Context, workers int) {
	w, line := &b.sweep, b.sweep.width*b.stage.conv.Out()
	if b.groups > 0 {
		group := ceil(b.batch, b.groups)
		w.prepare(ctx, workers, group, w.height)
		b.roomSize = group * w.height * line
	} else {
		b.lines = min(b.lines, (w.height+1)&^1)
		w.prepare(ctx, workers, 1, b.lines)
		if b.stage.pool != nil {
			b.roomSize = (b.lines + b.stage.pool.window.Size[0] + 1) * line
		}
	}
	if b.stage.pool != nil {
		b.room = floats(ctx, workers*b.roomSize)
	}
}

// RunPiece computes a piece.
func (b *bands) RunPiece(worker, i int) {
	w := b.sweep
	if w.workers == 0 {
		w = w.of(worker)
	}
	var room []float32
	if b.room != nil {
		room = b.room[worker*b.roomSize:][:b.roomSize]
	}
	if b.groups > 0 {
		from, to := share(i, b.groups, b.batch)
		b.images(&w, room, from, to)
		return
	}
	n, result := i/b.parts, len(b.out)/b.batch
	from, to := share(i%b.parts, b.parts, b.units())
	if out := b.out[n*result : (n+1)*result]; b.stage.pool == nil {
		b.plain(&w, out, n, 2*from, min(2*to, w.height))
	} else {
		b.pooled(&w, out, room, n, from, to)
	}
}

// images computes whole images together.
func (b *bands) images(w *sweep, room []float32, from, to int) {
	s, result := &b.stage, len(b.out)/b.batch
	out := b.out[from*result : to*result]
	if s.pool == nil {
		s.compute(w, out, from, to-from, 0, w.height)
		return
	}
	size, p := w.height*w.width*s.conv.Out(), s.plane(w)
	s.compute(w, room[:(to-from)*size], from, to-from, 0, w.height)
	for i := range to - from {
		s.pool.lines(out[i*result:(i+1)*result], room[i*size:(i+1)*size], p, 0, 0, result/s.pool.lineLen(p))
	}
}

// plain computes lines of image n that are not pooled.
func (b *bands) plain(w *sweep, out []float32, n, from, to int) {
	line := w.width * b.stage.conv.Out()
	for ; from < to; from += b.lines {
		end := min(from+b.lines, to)
		b.stage.compute(w, out[from*line:end*line], n, 1, from, end)
	}
}

// pooled computes lines of image n that are. Lines that two windows share are kept from one band for the
// next.
func (b *bands) pooled(w *sweep, out, room []float32, n, from, to int) {
	s := &b.stage
	p := s.plane(w)
	line, result := w.width*p.channels, s.pool.lineLen(p)
	top, _ := s.pool.window.under(0, from, w.height)
	top &^= 1
	done := top // room holds lines from top to done
	for r := from; r < to; {
		end := min(done+b.lines, w.height)
		s.compute(w, room[(done-top)*line:(end-top)*line], n, 1, done, end)
		done = end
		last := r
		for last < to {
			if _, bottom := s.pool.window.under(0, last, w.height); bottom > done {
				break
			}
			last++
		}
		s.pool.lines(out[r*result:last*result], room, p, top, r, last)
		if r = last; r < to {
			keep, _ := s.pool.window.under(0, r, w.height)
			if keep = min(keep, done); keep > top {
				copy(room, room[(keep-top)*line:(done-top)*line])
				top = keep
			}
		}
	}
}

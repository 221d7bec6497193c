package gemm

// tall is the number of rows of A in a block: with depth elements each they
// stay in the second-level cache while all panels pass by.
const tall = 96

// A span is one block of K: a part of one segment, or several whole ones.
type span struct {
	seg, segs int // first segment and number of segments
	skip      int // elements of the segment that come before the span
	length    int // elements it takes of each segment
	k         int // rows of B that come before it
}

// blocks computes the product one span of K after the other. The first starts
// from the bias, the others from what is in C, the last applies the activation.
// A single tile's height of rows uses every element of B once, so that blocking
// would only cost.
func (j *job[T]) blocks() {
	s := span{segs: len(j.segs), length: j.segLen}
	if j.p.k <= j.p.isa.depth() || j.m <= j.p.isa.height() {
		j.span(&s)
		return
	}
	for s = (span{}); j.next(&s); {
		j.span(&s)
	}
}

// next moves s to the span of about depth steps that follows it, and reports
// whether there is one.
func (j *job[T]) next(s *span) bool {
	s.k += s.segs * s.length
	if s.k == j.p.k {
		return false
	}
	s.seg, s.skip = s.k/j.segLen, s.k%j.segLen
	depth := j.p.isa.depth()
	if j.segLen > depth {
		parts := (j.segLen + depth - 1) / depth
		part := ((j.segLen+parts-1)/parts + 3) &^ 3 // whole turns of the inner loop
		s.segs, s.length = 1, min(part, j.segLen-s.skip)
		return true
	}
	s.segs, s.length = min(depth/j.segLen, len(j.segs)-s.seg), j.segLen
	return true
}

// span computes one span of K for all rows, block by block.
func (j *job[T]) span(s *span) {
	t := tile{
		segs:   &j.segs[s.seg],
		segEnd: 4 * s.segs,
		segLen: sizeOf[T]() * s.length,
		bStep:  sizeOf[T]() * j.p.k * j.p.width,
		ldc:    sizeOf[T]() * j.ldc,
		add:    s.k > 0,
		relu:   j.act == ReLU && s.k+s.segs*s.length == j.p.k,
	}
	for i := 0; i < j.m; i += tall {
		j.block(t, s, i, min(tall, j.m-i))
	}
}

// block computes m rows from row i on, panel by panel: all tiles of a panel
// before the next panel. It is one function because only here, where the tile
// is a variable and not a pointer's target, can it hold addresses without the
// operands escaping to the heap.
func (j *job[T]) block(t tile, s *span, i, m int) {
	tiles, low, taller := split(m, j.p.isa.height())
	w, group := j.p.width, kindOf[T]().wide(low)
	begin := j.grid.place(i)
	// Tiles of one height go to the micro-kernel together, if their rows are even.
	together := group == 1 && j.grid.Images*j.grid.Height == 1
	for q := 0; q < j.p.panelCount; q += group {
		end := min(q+group, j.p.panelCount)
		at := begin
		for n, row, count := 0, i, 1; n < tiles; n += count {
			rows, alike := low, tiles-n
			if n < taller {
				rows, alike = low+1, taller-n
			}
			if together {
				count = alike
			}
			t.again = count - 1
			t.rowStep, t.cStep = sizeOf[T]()*rows*j.grid.Pixel, rows*t.ldc
			for r := range rows {
				t.rows[r] = first(&j.a[at.at+s.skip])
				j.grid.next(&at)
			}
			step := kindOf[T]().wide(rows)
			for p := q; p < end; p += step {
				size := shape{rows, min(step, end-p)}
				t.b = first(&j.p.panels[(p*j.p.k+s.k)*w])
				t.c = first(&j.c[row*j.ldc+p*w])
				if j.bias != nil {
					t.bias = first(&j.bias[p*w])
				}
				if left := j.p.n - p*w; left <= j.p.isa.narrow(kindOf[T](), rows, w) {
					size.panels = 0
					t.cols, t.mask = partial(left, w/2, sizeOf[T]())
				} else {
					t.cols, t.mask = partial(left-(size.panels-1)*w, w, sizeOf[T]())
				}
				j.p.isa.run(kindOf[T](), size, &t)
			}
			row += count * rows
			at.at += (count - 1) * rows * j.grid.Pixel
		}
	}
}

// split divides m rows into tiles of at most the given height, as equal as can
// be: the first so many are one row taller than low.
func split(m, height int) (tiles, low, taller int) {
	if m <= height {
		return 1, m, 0
	}
	tiles = (m + height - 1) / height
	return tiles, m / tiles, m % tiles
}

// partial returns the column count and the mask of a panel that has only so
// many columns left, of elements of that size, and zeros when it is full.
func partial(left, width, size int) (cols int, mask *int32) {
	if left >= width {
		return 0, nil
	}
	return left, &lanes[len(lanes)/2-left*size/4]
}

// lanes holds as many set lanes as a panel can have, then as many clear ones: a
// window on it is the mask of a partial panel.
var lanes = func() (m [64]int32) {
	for i := range m[:32] {
		m[i] = -1
	}
	return
}()

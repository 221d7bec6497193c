package gemm

// A part of a [Product] is what depth columns of A and rows of B contribute.
type part[T Element] struct {
	c            []T
	ldc          int
	m, n         int
	depth, width int
	add          bool // to what is in C
}

// multiply packs one panel of B after the other into the room, and multiplies all rows
// of A, contiguous and lda apart, by it.
func (p part[T]) multiply(a []T, lda int, b Matrix[T], room []T) {
	t := tile{segs: &origin[0], segEnd: 4, segLen: sizeOf[T]() * p.depth, ldc: sizeOf[T]() * p.ldc, add: p.add}
	j := job[T]{ldc: p.ldc, a: a, grid: even(p.m, lda), m: p.m}
	for col := 0; col < p.n; col += p.width {
		j.p = Packed[T]{panels: room[: p.width*p.depth : p.width*p.depth], k: p.depth,
			n: min(p.width, p.n-col), width: p.width, panelCount: 1, isa: active}
		j.p.fill(b.Data[col*b.Col:], b.Row, b.Col)
		j.c = p.c[col:]
		j.block(t, &span{segs: 1, length: p.depth}, 0, p.m)
	}
}

// gather copies as many rows of A as there is room for, and multiplies them, until all
// are done.
func (p part[T]) gather(a, b Matrix[T], rows, room []T) {
	most := len(rows) / p.depth
	for i := 0; i < p.m; i += most {
		some := p
		some.c, some.m = p.c[i*p.ldc:], min(most, p.m-i)
		from := a.from(i, 0)
		for l := range p.depth {
			column := from.Data[l*a.Col:]
			for r := range some.m {
				rows[r*p.depth+l] = column[r*a.Row]
			}
		}
		some.multiply(rows, p.depth, b, room)
	}
}

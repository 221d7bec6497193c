package gemm

// few is do for rows that make one tile, by a matrix that is not empty, on
// micro-kernels. It computes the tiles that block would, in its order, but without the
// calls on the way there, which took a third of a product of 1 × 64 × 64. It fills
// the tile itself for the reason that block does.
func (p *Packed[T]) few(c []T, ldc int, a []T, lda, m int, bias []T, act Activation) {
	n, k, w := p.n, p.k, p.width
	act.check()
	checkRows("c", c, ldc, m, n)
	checkBias(bias, n)
	c = c[:(m-1)*ldc+n]
	apart("a", c, a)
	apart("b", c, p.panels)
	apart("bias", c, bias)
	size := sizeOf[T]()
	t := tile{segs: &origin[0], segEnd: 4, segLen: size * k, bStep: size * k * w, ldc: size * ldc, relu: act == ReLU}
	for r := range m {
		t.rows[r] = first(&a[r*lda])
	}
	for q, step := 0, kindOf[T]().wide(m); q < p.panelCount; q += step {
		s := shape{m, min(step, p.panelCount-q)}
		t.b, t.c = first(&p.panels[q*k*w]), first(&c[q*w])
		if bias != nil {
			t.bias = first(&bias[q*w])
		}
		if left := n - q*w; left <= p.isa.narrow(kindOf[T](), m, w) {
			s.panels = 0
			t.cols, t.mask = partial(left, w/2, size)
		} else {
			t.cols, t.mask = partial(left-(s.panels-1)*w, w, size)
		}
		p.isa.run(kindOf[T](), s, &t)
	}
}

package gemm

// Supported lists the kernels that run on this machine, best first.
func Supported() (names []string) {
	for k := avx512; k >= generic; k-- {
		if k.supported() {
			names = append(names, k.String())
		}
	}
	return names
}

// PackWith is Pack for the named kernel, whether it is supported or not.
func PackWith[T Element](name string, b []T, k, n, rowStride, colStride int) *Packed[T] {
	for with := range avx512 + 1 {
		if with.String() == name {
			p := newPacked(with, make([]T, packedLen[T](with, k, n)), k, n)
			p.fill(b, rowStride, colStride)
			return &p
		}
	}
	panic("no kernel " + name)
}

// Panels returns the packed elements.
func (p *Packed[T]) Panels() []T { return p.panels }

// Choose is the choice made at start-up, for any value of the variable.
func Choose(name string) string { return choose(name).String() }

package gemm

// Supported lists the instruction sets of this machine, best first.
func Supported() (names []string) {
	for k := avx512; k >= generic; k-- {
		if k.supported() {
			names = append(names, k.String())
		}
	}
	return names
}

// PackWith is Pack for the named instruction set, whether it is supported or not.
func PackWith[T Element](name string, b []T, k, n, rowStride, colStride int) *Packed[T] {
	for with := range avx512 + 1 {
		if with.String() == name {
			return packFor(with, b, k, n, rowStride, colStride)
		}
	}
	panic("no instruction set " + name)
}

// PackInto is Pack into dirty memory, which need not be aligned.
func PackInto[T Element](dst, b []T, k, n, rowStride, colStride int) Packed[T] {
	p := newPacked(active, dst, k, n)
	p.fill(b, rowStride, colStride)
	return p
}

// PackedLen returns the number of elements PackInto needs for a K × N matrix.
func PackedLen[T Element](k, n int) int { return packedLen[T](active, k, n) }

// Panels returns the packed elements.
func (p *Packed[T]) Panels() []T { return p.panels }

// Depth is the number of K steps in a block of the named instruction set.
func Depth(name string) int {
	for k := range avx512 + 1 {
		if k.String() == name {
			return k.depth()
		}
	}
	panic("no instruction set " + name)
}

// Choose is the choice made at start-up, for any value of the variable.
func Choose(name string) string { return choose(name).String() }

// PackBytesWith is PackBytes for the named instruction set, whether it is supported or not.
func PackBytesWith(name string, b []int8, k, n, rowStride, colStride int) *Bytes {
	for with := range avx512 + 1 {
		if with.String() == name {
			return packBytesFor(with, b, k, n, rowStride, colStride)
		}
	}
	panic("no instruction set " + name)
}

// SupportedForBytes lists the instruction sets of this machine that have products of bytes.
func SupportedForBytes() (names []string) {
	for k := avx512; k >= generic; k-- {
		if k.supported() && k.multipliesBytes() {
			names = append(names, k.String())
		}
	}
	return names
}

// PanelsOfBytes returns the packed units.
func (p *Bytes) PanelsOfBytes() []int32 { return p.packed.panels }

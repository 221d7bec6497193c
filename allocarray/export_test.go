package allocarray

// Reachable returns how many layouts that of a refers to, itself included.
func Reachable[T Element](a AllocArray[T]) int {
	seen := map[*layout]bool{}
	var visit func(l *layout)
	visit = func(l *layout) {
		if l == nil || seen[l] {
			return
		}
		seen[l] = true
		visit(l.head.Load())
		visit(l.tail.Load())
		visit(l.reversed.Load())
	}
	visit(a.layout)
	return len(seen)
}

// ForgetLayouts empties the table of layouts, as enough other shapes would.
func ForgetLayouts() {
	for i := range table {
		for k := range table[i] {
			table[i][k].Store(nil)
		}
	}
}

// ForgetLayoutOf takes the layout of a out of the table, and no other.
func ForgetLayoutOf[T Element](a AllocArray[T]) {
	for i := range table {
		for k := range table[i] {
			table[i][k].CompareAndSwap(a.layout, nil)
		}
	}
}

// HasMicroKernels reports whether package gemm has micro-kernels for this processor.
func HasMicroKernels() bool { return microKernels }

package gemm

import "unsafe"

// small is [Small] after the checks, four columns at a time.
func small[T Element](c *T, ldc int, a *T, row, column int, b *T, ldb int, m, k, n int) {
	size := sizeOf[T]()
	for j := 0; j < n; j += SmallColumns {
		// Column j is one of B and C. T is one of two types of known size.
		to, from := unsafe.Add(unsafe.Pointer(c), j*size), unsafe.Add(unsafe.Pointer(b), j*size)
		if size == 4 {
			smallF32((*float32)(to), ldc*size, (*float32)(unsafe.Pointer(a)), row*size, column*size, (*float32)(from), ldb*size, m, k)
		} else {
			smallF64((*float64)(to), ldc*size, (*float64)(unsafe.Pointer(a)), row*size, column*size, (*float64)(from), ldb*size, m, k)
		}
	}
}

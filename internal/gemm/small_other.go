//go:build !amd64

package gemm

// small is never called: there are no micro-kernels for this processor.
func small[T Element](*T, int, *T, int, int, *T, int, int, int, int) {}

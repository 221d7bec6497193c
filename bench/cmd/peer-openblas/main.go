//go:build cgo && openblas

// Command peer-openblas multiplies matrices with OpenBLAS on one thread. It needs
// the library and its headers, for example Debian's libopenblas-dev, and is built
// with -tags openblas.
package main

// #cgo CFLAGS: -O3 -march=native
// #cgo pkg-config: openblas
// #cgo LDFLAGS: -lm
// #include <cblas.h>
// #include <math.h>
//
// static void add_bias(float *x, const float *b, int m, int n, int relu) {
// 	for (int i = 0; i < m; i++, x += n)
// 		for (int j = 0; j < n; j++) {
// 			float v = x[j] + b[j];
// 			x[j] = relu && v < 0 ? 0 : v;
// 		}
// }
//
// static void softmax(float *x, int m, int n) {
// 	for (int i = 0; i < m; i++, x += n) {
// 		float top = x[0], sum = 0;
// 		for (int j = 1; j < n; j++) if (x[j] > top) top = x[j];
// 		for (int j = 0; j < n; j++) sum += x[j] = expf(x[j] - top);
// 		for (int j = 0; j < n; j++) x[j] /= sum;
// 	}
// }
//
// // gemm computes C = A*B. For a single row it is the product with a vector, which
// // OpenBLAS does faster by its own function.
// static void gemm(enum CBLAS_TRANSPOSE t, int m, int n, int k, const float *a, const float *b, float *c) {
// 	if (m > 1)
// 		cblas_sgemm(CblasRowMajor, CblasNoTrans, t, m, n, k, 1, a, k, b, t == CblasTrans ? k : n, 0, c, n);
// 	else if (t == CblasTrans)
// 		cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1, b, k, a, 1, 0, c, 1);
// 	else
// 		cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, b, n, a, 1, 0, c, 1);
// }
//
// // multiply repeats C = A*B, so that the call from Go costs nothing.
// static void multiply(int times, int m, int n, int k, const float *a, const float *b, float *c) {
// 	while (times-- > 0)
// 		gemm(CblasNoTrans, m, n, k, a, b, c);
// }
//
// // mlp repeats the network, with the weights as out×in.
// static void mlp(int times, int m, const float *x, const float *w1, const float *b1,
// 		const float *w2, const float *b2, float *h, float *y) {
// 	while (times-- > 0) {
// 		gemm(CblasTrans, m, 128, 784, x, w1, h);
// 		add_bias(h, b1, m, 128, 1);
// 		gemm(CblasTrans, m, 10, 128, h, w2, y);
// 		add_bias(y, b2, m, 10, 0);
// 		softmax(y, m, 10);
// 	}
// }
import "C"

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
)

func main() {
	C.openblas_set_num_threads(1)
	config, core := C.GoString(C.openblas_get_config()), C.GoString(C.openblas_get_corename())
	peer.Serve(fmt.Sprintf("%s, kernels for %s, 1 thread", config, core), prepare)
}

func prepare(name string) (peer.Work, error) {
	kind, shape, batch, err := model.ParseWork(name)
	switch {
	case err != nil:
	case kind == "gemm":
		return product(shape), nil
	case kind == "mlp":
		return network(batch), nil
	default:
		err = fmt.Errorf("no such work: %q", name)
	}
	return peer.Work{}, err
}

func product(s model.Shape) peer.Work {
	a, b, c := s.A(), s.B(), make([]float32, s.M*s.N)
	return peer.Work{
		Run: func(n int) {
			C.multiply(C.int(n), C.int(s.M), C.int(s.N), C.int(s.K), ptr(a), ptr(b), ptr(c))
		},
		Output: func() []float32 { return c },
	}
}

func network(batch int) peer.Work {
	m, x := model.NewMLP(), model.Input(batch)
	h, y := make([]float32, batch*model.Hidden), make([]float32, batch*model.Out)
	return peer.Work{
		Run: func(n int) {
			C.mlp(C.int(n), C.int(batch), ptr(x), ptr(m.W1), ptr(m.B1), ptr(m.W2), ptr(m.B2), ptr(h), ptr(y))
		},
		Output: func() []float32 { return y },
	}
}

func ptr(x []float32) *C.float { return (*C.float)(&x[0]) }

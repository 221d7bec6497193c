package gemm_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/gemm/peak"
)

// BenchmarkMul reports GFLOP/s over the layers of a small classifier at several
// batch sizes, and over one large product. Compare with BenchmarkPeak.
func BenchmarkMul(b *testing.B) {
	for _, l := range []struct{ k, n int }{{784, 128}, {128, 10}} {
		for _, m := range []int{1, 4, 16, 32, 64, 256} {
			benchmarkMul(b, m, l.k, l.n)
		}
	}
	benchmarkMul(b, 512, 512, 512)
	benchmarkMul(b, 64, 1024, 1024)
	for _, m := range []int{1, 2, 4, 6, 12} { // little work for a call
		benchmarkMul(b, m, 64, 64)
		benchmarkMul(b, m, 64, 256)
	}
}

func benchmarkMul(b *testing.B, m, k, n int) {
	b.Run(fmt.Sprintf("%dx%dx%d", m, k, n), func(b *testing.B) {
		p := gemm.Pack(floats[float32](k*n), k, n, n, 1)
		a, c, bias := floats[float32](m*k), make([]float32, m*n), floats[float32](n)
		b.ReportAllocs()
		for b.Loop() {
			p.Mul(c, n, a, k, m, bias, gemm.ReLU)
		}
		gigaPerSecond(b, 2*m*k*n, "GFLOP/s")
	})
}

// BenchmarkPeak measures this core's ceiling: multiply-adds in registers, and
// loads from memory the size of the first two caches.
func BenchmarkPeak(b *testing.B) {
	const turn = 1 << 20
	for name, wide := range map[string]bool{"fma=avx2": false, "fma=avx512": true} {
		b.Run(name, func(b *testing.B) {
			if peak.FMA(1, wide) == 0 {
				b.Skip("the processor lacks the instructions")
			}
			flops := 0
			for b.Loop() {
				flops = peak.FMA(turn, wide)
			}
			gigaPerSecond(b, flops, "GFLOP/s")
		})
	}
	for _, kib := range []int{16, 392} {
		b.Run(fmt.Sprintf("load=%dKiB", kib), func(b *testing.B) {
			x, bytes := floats[float32](kib<<8), 0
			for b.Loop() {
				bytes = peak.Stream(x)
			}
			gigaPerSecond(b, bytes, "GB/s")
		})
	}
}

// gigaPerSecond reports a rate, given the amount of one iteration.
func gigaPerSecond(b *testing.B, amount int, unit string) {
	b.ReportMetric(float64(amount)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), unit)
}

// floats returns n numbers between -1 and 1 that do not repeat soon.
func floats[T number](n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(i*7919%2003)/1001.5 - 1
	}
	return x
}

// BenchmarkOfPeak runs the product and the register-only loop in turns and
// reports the fastest of each, so that a busy machine disturbs both alike.
func BenchmarkOfPeak(b *testing.B) {
	wide := gemm.ISA() == "avx512"
	if gemm.ISA() == "generic" || peak.FMA(1, wide) == 0 {
		b.Skip("needs vector instructions")
	}
	for _, s := range [][3]int{{1, 784, 128}, {4, 784, 128}, {32, 784, 128}, {256, 784, 128}, {512, 512, 512}} {
		b.Run(fmt.Sprintf("%dx%dx%d", s[0], s[1], s[2]), func(b *testing.B) {
			ofPeak(b, s[0], s[1], s[2], wide)
		})
	}
}

func ofPeak(b *testing.B, m, k, n int, wide bool) {
	p := gemm.Pack(floats[float32](k*n), k, n, n, 1)
	a, c, bias := floats[float32](m*k), make([]float32, m*n), floats[float32](n)
	mul, ceiling := 0.0, 0.0
	for b.Loop() {
		mul = max(mul, rate(func() int { p.Mul(c, n, a, k, m, bias, gemm.ReLU); return 2 * m * k * n }))
		ceiling = max(ceiling, rate(func() int { return peak.FMA(1<<18, wide) }))
	}
	b.ReportMetric(mul, "best-GFLOP/s")
	b.ReportMetric(100*mul/ceiling, "%-of-peak")
}

// rate returns billions per second of what f says it did.
func rate(f func() int) float64 {
	start := time.Now()
	amount := f()
	return float64(amount) / float64(time.Since(start).Nanoseconds())
}

// BenchmarkMulGrid runs convolutions without im2col: the layers of a small
// image classifier, one image at a time.
func BenchmarkMulGrid(b *testing.B) {
	for _, name := range []string{"28x28x1 3x3x32", "13x13x32 3x3x64", "14x14x256 3x3x256"} {
		v := conv{kh: 3, kw: 3, stride: 1, dilation: 1}
		_, err := fmt.Sscanf(name, "%dx%dx%d 3x3x%d", &v.h, &v.w, &v.cin, &v.cout)
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			p, image, g, segs := problemOf[float32](v)
			packed := gemm.Pack(p.b, p.k, p.n, p.n, 1)
			b.ReportAllocs()
			for b.Loop() {
				packed.MulGrid(p.c, p.ldc, image, g, segs, p.bias, p.act)
			}
			gigaPerSecond(b, 2*p.m*p.k*p.n, "GFLOP/s")
		})
	}
}

// BenchmarkPack packs 512 × 512 elements, row-major and transposed.
func BenchmarkPack(b *testing.B) {
	x := floats[float32](512 * 512)
	for _, s := range [][2]int{{512, 1}, {1, 512}} {
		b.Run(fmt.Sprintf("strides=%d,%d", s[0], s[1]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				gemm.Pack(x, 512, 512, s[0], s[1])
			}
			gigaPerSecond(b, 4*512*512, "GB/s")
		})
	}
}

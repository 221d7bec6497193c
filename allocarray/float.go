package allocarray

import (
	"context"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// Exp returns e^a with memory from ctx.
func Exp[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return float(ctx, kernel.Exp, "Exp", &a)
}

// ExpInto sets dst to e^a; dst may be a.
func ExpInto[T Float](dst, a AllocArray[T]) { floatInto(kernel.Exp, "ExpInto", &dst, &a) }

// Log returns the natural logarithms of a with memory from ctx.
func Log[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return float(ctx, kernel.Log, "Log", &a)
}

// LogInto sets dst to the natural logarithms of a; dst may be a.
func LogInto[T Float](dst, a AllocArray[T]) { floatInto(kernel.Log, "LogInto", &dst, &a) }

// Sqrt returns the square roots of a with memory from ctx.
func Sqrt[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return float(ctx, kernel.Sqrt, "Sqrt", &a)
}

// SqrtInto sets dst to the square roots of a; dst may be a.
func SqrtInto[T Float](dst, a AllocArray[T]) { floatInto(kernel.Sqrt, "SqrtInto", &dst, &a) }

// Tanh returns the hyperbolic tangents of a with memory from ctx.
func Tanh[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return float(ctx, kernel.Tanh, "Tanh", &a)
}

// TanhInto sets dst to the hyperbolic tangents of a; dst may be a.
func TanhInto[T Float](dst, a AllocArray[T]) { floatInto(kernel.Tanh, "TanhInto", &dst, &a) }

// Sigmoid returns 1/(1+e^-a) with memory from ctx.
func Sigmoid[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return float(ctx, kernel.Sigmoid, "Sigmoid", &a)
}

// SigmoidInto sets dst to 1/(1+e^-a); dst may be a.
func SigmoidInto[T Float](dst, a AllocArray[T]) {
	floatInto(kernel.Sigmoid, "SigmoidInto", &dst, &a)
}

// GELU returns a·Φ(a), where Φ is the cumulative distribution function of the
// standard normal distribution, with memory from ctx. This is the exact form of
// Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
func GELU[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return float(ctx, kernel.GELU, "GELU", &a)
}

// GELUInto sets dst to a·Φ(a); dst may be a. See [GELU].
func GELUInto[T Float](dst, a AllocArray[T]) { floatInto(kernel.GELU, "GELUInto", &dst, &a) }

// GELUTanh returns the approximation of [GELU] with a hyperbolic tangent, from the
// same paper, with memory from ctx.
func GELUTanh[T Float](ctx context.Context, a AllocArray[T]) AllocArray[T] {
	return float(ctx, kernel.GELUTanh, "GELUTanh", &a)
}

// GELUTanhInto sets dst to the approximation that [GELUTanh] computes; dst may be a.
func GELUTanhInto[T Float](dst, a AllocArray[T]) {
	floatInto(kernel.GELUTanh, "GELUTanhInto", &dst, &a)
}

// Pow returns a to the power of b, broadcast, with memory from ctx.
func Pow[T Float](ctx context.Context, a, b AllocArray[T]) AllocArray[T] {
	m := take2("Pow", &a, &b)
	dst := allocate[T](ctx, "Pow", together("Pow", a.layout, b.layout))
	a.recheck("Pow")
	b.recheck("Pow")
	powRuns("Pow", &dst, &a, &b)
	if m != 0 {
		drop2(ctx, "Pow", m, &a, &b)
	}
	return dst
}

// PowInto sets dst to a to the power of b, broadcast; dst may be a or b.
func PowInto[T Float](dst, a, b AllocArray[T]) {
	m := checkInto("PowInto", &dst, &a, &b)
	powRuns("PowInto", &dst, &a, &b)
	if m != 0 {
		drop2(noContext, "PowInto", m, &a, &b)
	}
}

func powRuns[T Float](op string, dst, a, b *AllocArray[T]) {
	sa, sb := a.stretched(&dst.axes), b.stretched(&dst.axes)
	to, x, y := dst.elements(), a.elements(), b.elements()
	w := newWalk(&dst.axes, &sa, &sb)
	for ok := !w.empty(); ok; ok = w.next() {
		powRun(&w, to[w.off[0]:], x[w.off[1]:], y[w.off[2]:])
	}
	dst.recheck(op)
	a.recheck(op)
	b.recheck(op)
}

// powRun computes one run. An element takes far longer than a call, so other strides
// need no loop of their own.
func powRun[T Float](w *walk, dst, a, b []T) {
	n, ds, as, bs := w.run(), w.step(0), w.step(1), w.step(2)
	switch {
	case ds == 1 && as == 1 && bs == 1:
		kernel.Pow(dst[:n], a, b)
	case ds == 1 && as == 1 && bs == 0:
		kernel.PowScalar(dst[:n], a, b[0])
	default:
		for i := range n {
			kernel.Pow(dst[i*ds:][:1], a[i*as:], b[i*bs:])
		}
	}
}

func float[T Float](ctx context.Context, op kernel.FloatOp, name string, a *AllocArray[T]) AllocArray[T] {
	return unary(ctx, name, a, func(d, s []T) { kernel.UnaryFloat(op, d, s) })
}

func floatInto[T Float](op kernel.FloatOp, name string, dst, a *AllocArray[T]) {
	unaryInto(name, dst, a, func(d, s []T) { kernel.UnaryFloat(op, d, s) })
}

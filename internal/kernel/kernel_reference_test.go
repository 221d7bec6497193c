package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// The references are the definitions, one element at a time, in the most obvious way.

func refBinary[T kernel.Number](op kernel.BinaryOp, x, y T) T {
	switch op {
	case kernel.Add:
		return x + y
	case kernel.Sub:
		return x - y
	case kernel.Mul:
		return x * y
	case kernel.Div:
		return x / y
	}
	switch {
	case x != x:
		return x
	case y != y:
		return y
	case op == kernel.Min && x < y, op == kernel.Max && x > y:
		return x
	}
	return y
}

func refUnary[T kernel.Number](op kernel.UnaryOp, x T) T {
	switch {
	case op == kernel.Neg:
		return -x
	case op == kernel.Square:
		return x * x
	case x < 0 || isFloat[T]() && math.Signbit(float64(x)):
		return -x
	}
	return x
}

func refCompare[T kernel.Number](op kernel.CompareOp, x, y T) uint8 {
	is := [...]bool{
		kernel.Equal: x == y, kernel.NotEqual: x != y, kernel.Less: x < y,
		kernel.LessEqual: x <= y, kernel.Greater: x > y, kernel.GreaterEqual: x >= y,
	}
	if is[op] {
		return 1
	}
	return 0
}

// refArg is the place of the first NaN, or else of the first element that nothing beats.
func refArg[T kernel.Number](a []T, beats func(x, y T) bool) int {
	best := 0
	for i, v := range a {
		if v != v {
			return i
		}
		if beats(v, a[best]) {
			best = i
		}
	}
	return best
}

// refMatMul is the textbook triple loop over element functions; floats add up in float64. The second result is Σ|a·b|,
// what a rounding error is measured against.
func refMatMul[T kernel.Number](m, k, n int, a, b func(i, j int) T) (out []T, size []float64) {
	for i := range m {
		for j := range n {
			var exact T
			sum, abs := 0.0, 0.0
			for p := range k {
				exact += a(i, p) * b(p, j)
				sum += float64(a(i, p)) * float64(b(p, j))
				abs += math.Abs(float64(a(i, p)) * float64(b(p, j)))
			}
			if isFloat[T]() {
				exact = T(sum)
			}
			out, size = append(out, exact), append(size, abs)
		}
	}
	return out, size
}

func isFloat[T kernel.Number]() bool { return T(1)/T(2) != 0 }

// epsilon is the unit roundoff: 2^-24, 2^-53, or 0 for integers.
func epsilon[T kernel.Number]() float64 {
	switch any(T(0)).(type) {
	case float32:
		return 0x1p-24
	case float64:
		return 0x1p-53
	}
	return 0
}

// specials are the values where mistakes live.
func specials[T kernel.Number]() []T {
	switch any(T(0)).(type) {
	case float32, float64:
		v := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, -1, 1e-40, -1e-40, 3e38, -3e38, 5e-324, math.MaxFloat64}
		out := make([]T, len(v))
		for i := range v {
			out[i] = T(v[i])
		}
		return out
	}
	var top T = 1
	for next := top; next > 0; next = next*2 + 1 { // all ones below the sign
		top = next
		if next*2+1 == next {
			break
		}
	}
	return []T{0, 1, top, top + 1, top - 1, T(0) - 1, 2, 3}
}

// random is n values from small numbers of both signs, a fifth of them special if asked.
func random[T kernel.Number](seed uint64, n int, special bool) []T {
	r, pool := rand.New(rand.NewPCG(seed, uint64(n))), specials[T]()
	out := make([]T, n)
	for i := range out {
		v := r.IntN(200) - 100
		out[i] = T(v)
		if isFloat[T]() {
			out[i] += T(r.Float64())
		}
		if special && r.IntN(5) == 0 {
			out[i] = pool[r.IntN(len(pool))]
		}
	}
	return out
}

// requireSame compares exactly, NaN equal to NaN; signs of zero count unless loose.
func requireSame[T kernel.Number](t *testing.T, want, got []T, loose bool, msg ...any) {
	if len(got) != len(want) {
		t.Helper() // only where it fails: it walks the stack
		require.Failf(t, "differs", "%d elements, want %d %v", len(got), len(want), msg)
	}
	for i, w := range want {
		g := got[i]
		ok := w == g || w != w && g != g
		if isFloat[T]() && !loose && w == w {
			ok = ok && math.Signbit(float64(w)) == math.Signbit(float64(g))
		}
		if !ok {
			t.Helper()
			require.Failf(t, "differs", "at %d of %d: want %v, got %v %v", i, len(want), w, g, msg)
		}
	}
}

// guarded is a slice of n at the given offset inside a larger array; intact reports whether the rest is untouched.
func guarded[T kernel.Number](t *testing.T, n, offset int) (s []T, intact func()) {
	const mark = 77
	whole := make([]T, offset+n+9)
	for i := range whole {
		whole[i] = mark
	}
	return whole[offset : offset+n : offset+n], func() {
		for i, v := range whole {
			if (i < offset || i >= offset+n) && v != mark {
				t.Helper()
				require.Failf(t, "guard cell", "cell %d overwritten with %v (slice is [%d, %d))", i, v, offset, offset+n)
			}
		}
	}
}

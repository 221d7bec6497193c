package kernel_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// sumClaim is the bound that Sum's documentation gives for n elements, in units of u·Σ|a[i]|.
func sumClaim(n int) float64 {
	inBlock := 512.0
	if cpu.X86.HasAVX2 {
		inBlock = 45
	}
	return inBlock + math.Ceil(math.Log2(max(1, float64(n)/512)))
}

// TestSumExact holds the documented bounds of Sum and Dot against exact sums: for numbers of one sign, whose errors add
// up, for numbers of both, which cancel, and for numbers of very different sizes, at lengths up to ten million. A mean is
// the sum divided by n: two more roundings, of n and of the quotient.
func TestSumExact(t *testing.T) {
	t.Run("float32", testSumExact[float32])
	t.Run("float64", testSumExact[float64])
}

func testSumExact[T kernel.Float](t *testing.T) {
	t.Parallel()
	lengths := []int{1, 2, 7, 31, 100, 511, 512, 513, 1000, 4097, 30_000}
	if !testing.Short() && !testenv.Slow() {
		lengths = append(lengths, 262_145, 1_000_000, 10_000_000)
	}
	kinds := map[string]func(r *rand.Rand) float64{
		"positive": func(r *rand.Rand) float64 { return 0.1 + r.Float64()/1000 },
		"both":     func(r *rand.Rand) float64 { return r.NormFloat64() },
		"sizes":    func(r *rand.Rand) float64 { return math.Ldexp(r.Float64()-0.5, r.IntN(60)) },
	}
	for name, kind := range kinds {
		for _, n := range lengths {
			r := rand.New(rand.NewPCG(uint64(n), 9))
			a, b := make([]T, n), make([]T, min(n, 300_000))
			for i := range a {
				a[i] = T(kind(r))
			}
			for i := range b {
				b[i] = T(r.Float64() + 0.5)
			}
			sum, size := exactDot(a, nil)
			u := epsilon[T]() * size
			off := func(want *big.Float, got T) float64 {
				d, _ := new(big.Float).Sub(want, big.NewFloat(float64(got))).Float64()
				return math.Abs(d)
			}
			require.LessOrEqual(t, off(sum, kernel.Sum(a)), sumClaim(n)*u, "Sum of %d, %s", n, name)
			mean := new(big.Float).Quo(sum, big.NewFloat(float64(n)))
			require.LessOrEqual(t, off(mean, kernel.Sum(a)/T(n)), (sumClaim(n)+2)*u/float64(n), "mean of %d, %s", n, name)
			if n == len(b) {
				dot, size := exactDot(a, b)
				require.LessOrEqual(t, off(dot, kernel.Dot(a, b)), (sumClaim(n)+1)*epsilon[T]()*size, "Dot of %d, %s", n, name)
			}
		}
	}
}

// exactDot is Σ a[i]·b[i], or Σ a[i] for no b, and the sum of the magnitudes. Products and the sum of the parts are exact.
// Each part is the sum of 64 numbers, as two float64, which is 90 bits (Knuth's TwoSum); without them ten million numbers
// take seconds.
func exactDot[T kernel.Float](a, b []T) (sum *big.Float, size float64) {
	sum = new(big.Float).SetPrec(256)
	x, high, low := new(big.Float).SetPrec(53), 0.0, 0.0
	add := func(v float64) {
		s := high + v
		back := s - high
		low += (high - (s - back)) + (v - back)
		high = s
	}
	for i, v := range a {
		v := float64(v)
		if b == nil {
			add(v)
			size += math.Abs(v)
		} else {
			w := float64(b[i])
			add(v * w)
			add(math.FMA(v, w, -(v * w))) // what the product was rounded by
			size += math.Abs(v * w)
		}
		if i%64 == 63 || i == len(a)-1 {
			sum.Add(sum, x.SetFloat64(high))
			sum.Add(sum, x.SetFloat64(low))
			high, low = 0, 0
		}
	}
	return sum, size
}

// TestSumIsPairwise: one block of 512 sums to where the next 1 is half a unit in the last place, all others to 1. Adding
// these one after the other to the large one would lose them all; in pairs they are large before they meet it.
func TestSumIsPairwise(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testSumIsPairwise[float32](t, 0x1p24) })
	t.Run("float64", func(t *testing.T) { testSumIsPairwise[float64](t, 0x1p53) })
}

func testSumIsPairwise[T kernel.Float](t *testing.T, large T) {
	const blocks = 4096
	a, ones := make([]T, 512*blocks), make([]T, 512*blocks)
	kernel.Fill(ones, 1)
	for _, at := range []int{0, 1, blocks / 2, blocks - 1} {
		clear(a)
		for i := range blocks {
			a[512*i] = 1
		}
		a[512*at] = large
		for name, got := range map[string]T{"Sum": kernel.Sum(a), "Dot": kernel.Dot(a, ones)} {
			lost := float64(large-got) + blocks - 1 // exact: got is near large
			require.LessOrEqual(t, math.Abs(lost), 13.0, "%s loses %v of the ones beside block %d", name, lost, at)
		}
	}
}

// softmaxClaim is the relative error that SoftmaxRow's documentation allows, at a distance d from the maximum of the row.
func softmaxClaim[T kernel.Float](d float64) float64 {
	if epsilon[T]() == 0x1p-53 {
		return (80 + d) * 0x1p-53
	}
	return 2e-5 + d*0x1p-24
}

// TestSoftmaxExact holds the documented error of softmax, and of its logarithm, against math/big: at seeded distances from
// the maximum in every binade that matters, and of both signs of the maximum.
func TestSoftmaxExact(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testSoftmaxExact[float32](t, 87) })
	t.Run("float64", func(t *testing.T) { testSoftmaxExact[float64](t, 700) })
}

func testSoftmaxExact[T kernel.Float](t *testing.T, most float64) {
	t.Parallel()
	points := 1000
	if testing.Short() || testenv.Slow() {
		points = 30
	}
	worst, logWorst := 0.0, 0.0
	for e := -30; e < 10; e++ {
		for _, top := range []T{0, 3.3, -1000.1} {
			r := rand.New(rand.NewPCG(uint64(e+100), 10))
			row := []T{top}
			for range points {
				row = append(row, top-T(min(most, math.Ldexp(1+r.Float64(), e))))
			}
			p, logs := make([]T, len(row)), make([]T, len(row))
			kernel.SoftmaxRow(p, row)
			kernel.LogSoftmaxRow(logs, row)
			want, wantLogs := exactSoftmax(row)
			total := new(big.Float).SetPrec(exactBits)
			for i, v := range row {
				d := float64(top) - float64(v)
				off, _ := new(big.Float).Quo(newExact(float64(p[i])), want[i]).Float64()
				worst = max(worst, math.Abs(off-1)/softmaxClaim[T](d))
				require.LessOrEqual(t, math.Abs(off-1), softmaxClaim[T](d), "softmax at a distance of %g in 2^%d below %g", d, e, top)
				off, _ = new(big.Float).Sub(newExact(float64(logs[i])), wantLogs[i]).Float64()
				allowed := 4 * epsilon[T]() * (d + math.Log(float64(len(row))) + 1e-9)
				logWorst = max(logWorst, math.Abs(off)/allowed)
				require.LessOrEqual(t, math.Abs(off), allowed, "log-softmax at a distance of %g in 2^%d below %g", d, e, top)
				total.Add(total, newExact(float64(p[i])))
			}
			sum, _ := total.Float64()
			require.InDelta(t, 1, sum, 20*epsilon[T](), "the sum of a row of %d, 2^%d below %g", len(row), e, top)
		}
	}
	t.Logf("at worst %.2f and, of the logarithm, %.2f of what is allowed", worst, logWorst)
}

// exactSoftmax returns the softmax of the row and its logarithm.
func exactSoftmax[T kernel.Float](row []T) (p, logs []*big.Float) {
	sum := newExact(0)
	for _, v := range row {
		d := new(big.Float).Sub(newExact(float64(v)), newExact(float64(row[0])))
		logs = append(logs, d)
		p = append(p, exactExp(d))
		sum.Add(sum, p[len(p)-1])
	}
	log := exactLog(sum)
	for i := range p {
		p[i].Quo(p[i], sum)
		logs[i].Sub(logs[i], log)
	}
	return p, logs
}

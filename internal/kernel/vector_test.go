package kernel_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// A vectorCase is one use of the vector functions: make fills the slices that it gets from
// memory, and returns the call and what it writes.
type vectorCase struct {
	name string
	make func(memory func(n int) []float32) (call func(), result []float32)
}

// mixed fills x with numbers, and, if special, with zeros of both signs, infinities and NaN
// in between.
func mixed(x []float32, seed uint64, special bool) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	rare := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, float32(math.Copysign(0, -1)), math.MaxFloat32, math.SmallestNonzeroFloat32}
	for i := range x {
		x[i] = float32(6*rng.Float32()) - 3 // rounded, also where the compiler would fuse
		if special && rng.IntN(4) == 0 {
			x[i] = rare[rng.IntN(len(rare))]
		}
	}
	return x
}

// vectorCases are calls of every vector function with rows of n elements.
func vectorCases(n int, special bool) (cases []vectorCase) {
	seed := uint64(n)
	add := func(name string, make func(memory func(n int) []float32) (call func(), result []float32)) {
		cases = append(cases, vectorCase{fmt.Sprintf("%s of %d, special %v", name, n, special), make})
	}
	for _, relu := range []bool{false, true} {
		add(fmt.Sprint("Affine ", relu), func(memory func(n int) []float32) (func(), []float32) {
			dst, src := memory(n), mixed(memory(n), seed, special)
			x, y := mixed(memory(n), seed+1, special), mixed(memory(n), seed+2, special)
			return func() { kernel.Affine(dst, src, x, y, relu) }, dst
		})
		add(fmt.Sprint("Affine in place ", relu), func(memory func(n int) []float32) (func(), []float32) {
			dst := mixed(memory(n), seed, special)
			x, y := mixed(memory(n), seed+1, special), mixed(memory(n), seed+2, special)
			return func() { kernel.Affine(dst, dst, x, y, relu) }, dst
		})
	}
	for _, row := range []struct {
		name string
		fn   func(dst, src []float32)
	}{
		{"SoftmaxRow", kernel.SoftmaxRow[float32]}, {"LogSoftmaxRow", kernel.LogSoftmaxRow[float32]},
		{"LogSoftmaxRows", func(dst, src []float32) { kernel.LogSoftmaxRows(dst, src, max(1, n)) }},
		{"SoftmaxRows", func(dst, src []float32) { kernel.SoftmaxRows(dst, src, max(1, n)) }},
		{"GateSigmoid", kernel.GateSigmoid}, {"GateTanh", kernel.GateTanh},
	} {
		add(row.name, func(memory func(n int) []float32) (func(), []float32) {
			dst, src := memory(n), mixed(memory(n), seed, special)
			return func() { row.fn(dst, src) }, dst
		})
	}
	for _, rows := range []int{1, 3, 19} {
		add(fmt.Sprint(rows, " rows"), func(memory func(n int) []float32) (func(), []float32) {
			dst, src := memory(rows*n), mixed(memory(rows*n), seed, special && rows == 3)
			return func() { kernel.SoftmaxRows(dst, src, max(1, n)) }, dst
		})
		add(fmt.Sprint("normalize ", rows, " rows"), func(memory func(n int) []float32) (func(), []float32) {
			dst, src := memory(rows*n), mixed(memory(rows*n), seed, special)
			w, b := mixed(memory(n), seed+1, false), mixed(memory(n), seed+2, false)
			return func() { kernel.NormalizeRows(dst, src, w, b, 0.01) }, dst
		})
	}
	for _, perUnit := range []int{2, 4} {
		add(fmt.Sprint("Quantize ", perUnit), func(memory func(n int) []float32) (func(), []float32) {
			src, dst := mixed(memory(n), seed, special), memory((n+perUnit-1)/perUnit)
			units := unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(dst))), len(dst))
			return func() {
				kernel.Quantize(units, src, perUnit, kernel.QuantizationFor(-2.5, 2))
				for i, u := range units { // as numbers, which can be compared
					dst[i] = float32(u & 0xffffff)
				}
			}, dst
		})
	}
	add("Dequantize", func(memory func(n int) []float32) (func(), []float32) {
		ints := func(x []float32) []int32 {
			y := unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
			for i := range y {
				y[i] = int32(i*977) - 5000
			}
			return y
		}
		dst, sums, columns := memory(n), ints(memory(n)), ints(memory(n))
		weights, bias := mixed(memory(n), seed, special), mixed(memory(n), seed+1, special)
		return func() { kernel.Dequantize(dst, sums, columns, weights, bias, kernel.QuantizationFor(-1, 3), n%2 == 0) }, dst
	})
	for _, count := range []int{1, 3} {
		if n == 0 {
			break
		}
		add(fmt.Sprint("WinogradIn ", count), func(memory func(n int) []float32) (func(), []float32) {
			tiles := kernel.Tiles{Count: count, Channels: n, Line: (2*count+2)*n + 1, Plane: count*n + 2}
			src := mixed(memory(3*tiles.Line+(2*count+2)*n), seed, special)
			dst := memory(15*tiles.Plane + count*n)
			return func() { kernel.WinogradIn(dst, src, tiles) }, dst
		})
		for _, pixels := range [][2]int{{1, 1}, {1, 2}, {2, 1}, {2, 2}} {
			if pixels[1] == 1 && count > 1 {
				continue // the columns between would be left
			}
			for _, more := range []int{0, 3} { // channels that are left alone
				add(fmt.Sprint("WinogradOut ", count, pixels, more), func(memory func(n int) []float32) (func(), []float32) {
					of := n + more
					tiles := kernel.Tiles{Count: count, Channels: n, Line: 2*count*of + 1, Plane: count*n + 2, Pixels: pixels}
					if more > 0 {
						tiles.Of = of
					}
					src, bias := mixed(memory(15*tiles.Plane+count*n), seed, special), mixed(memory(n), seed+1, special)
					dst := memory((pixels[0]-1)*tiles.Line + (2*count-3+pixels[1])*of + n)
					return func() { kernel.WinogradOut(dst, src, bias, tiles, pixels[0] == 1) }, dst
				})
			}
		}
	}
	for _, w := range []kernel.Window{
		{Rows: 1, Cols: 1, Count: 1}, {Rows: 2, Cols: 2, Count: 3, Line: 7 * n, Pixel: n, Step: 2 * n, Next: n},
		{Rows: 3, Cols: 3, Count: 2, Line: 6*n + 1, Pixel: n, Step: n, Next: n + 2}, {Rows: 1, Cols: 5, Count: 2, Pixel: n, Step: 0, Next: n},
	} {
		if w.Channels = n; n == 0 {
			continue
		}
		add(fmt.Sprintf("depthwise %d×%d", w.Rows, w.Cols), func(memory func(n int) []float32) (func(), []float32) {
			w := w
			w.Count *= 3
			src := mixed(memory((w.Count-1)*w.Step+(w.Rows-1)*w.Line+(w.Cols-1)*w.Pixel+n), seed, special)
			dst := memory((w.Count-1)*w.Next + n)
			weights, bias := mixed(memory(((w.Rows-1)*(w.Cols+1)+w.Cols)*n), seed+1, special), mixed(memory(n), seed+2, special)
			return func() { kernel.Depthwise(dst, src, weights, w.Cols+1, bias, w, w.Rows == 2) }, dst
		})
		if w.Rows == 3 {
			add("depthwise side by side", func(memory func(n int) []float32) (func(), []float32) {
				w := kernel.Window{Rows: 3, Cols: 3, Channels: n, Count: 10, Line: 13*n + 1, Pixel: n, Step: n, Next: n}
				src, dst := mixed(memory(2*w.Line+12*n), seed, special), memory(10*n)
				weights, bias := mixed(memory(9*n), seed+1, special), mixed(memory(n), seed+2, special)
				return func() { kernel.Depthwise(dst, src, weights, 3, bias, w, true) }, dst
			})
		}
		for i, f := range []func(dst, src []float32, w kernel.Window){kernel.WindowMax, kernel.WindowSum} {
			add(fmt.Sprintf("window %d %d×%d", i, w.Rows, w.Cols), func(memory func(n int) []float32) (func(), []float32) {
				src := mixed(memory((w.Count-1)*w.Step+(w.Rows-1)*w.Line+(w.Cols-1)*w.Pixel+n), seed, special)
				dst := memory((w.Count-1)*w.Next + n)
				return func() { f(dst, src, w) }, dst
			})
		}
	}
	return cases
}

// upTo returns the numbers from 0 to n.
func upTo(n int) (all []int) {
	for i := range n + 1 {
		all = append(all, i)
	}
	return all
}

func onHeap(n int) []float32 { return make([]float32, n) }

// TestVectorFunctions: every instruction set gives the bits of the loops, NaN anything, and touches no
// memory but its operands'.
func TestVectorFunctions(t *testing.T) {
	for _, set := range kernel.Sets() {
		t.Run(set, func(t *testing.T) {
			defer kernel.Use(set)()
			for _, n := range append(upTo(maxLen), 1023, 1024, 1041, 2500) {
				if testing.Short() && n > 20 && n%7 != 0 {
					continue
				}
				for _, c := range append(vectorCases(n, false), vectorCases(n, true)...) {
					want := c.expected()
					call, got := c.make(onHeap)
					call()
					requireBits(t, want, got, c.name)
					for _, first := range []bool{false, true} {
						t.Run("", func(t *testing.T) {
							call, got := c.make(func(n int) []float32 { return testenv.Fenced[float32](t, n, first) })
							call()
							requireBits(t, want, got, c.name)
						})
					}
				}
			}
		})
	}
}

// TestSameBitsEverywhere: the loops give these bits on every processor, so nothing in them is
// contracted, and with TestVectorFunctions neither are the vector functions.
func TestSameBitsEverywhere(t *testing.T) {
	sum := crc32.NewIEEE()
	for _, n := range []int{1, 37, 1100} {
		for _, c := range vectorCases(n, false) {
			for _, v := range c.expected() {
				require.NoError(t, binary.Write(sum, binary.LittleEndian, v))
			}
		}
	}
	require.Equal(t, uint32(0x6de87bd9), sum.Sum32())
}

// expected is the result of the loops.
func (c vectorCase) expected() []float32 {
	defer kernel.Use("generic")()
	call, want := c.make(onHeap)
	call()
	return want
}

// requireBits compares numbers to the bit, and any NaN with any other.
func requireBits(t *testing.T, want, got []float32, name string) {
	t.Helper()
	require.Len(t, got, len(want), name)
	for i := range want {
		if math.Float32bits(want[i]) != math.Float32bits(got[i]) && !(want[i] != want[i] && got[i] != got[i]) {
			require.Failf(t, "other bits", "%s: element %d of %d is %v (%#x), want %v (%#x)", name, i, len(want),
				got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

// TestVectorFunctionsAllocateNothing on the Go heap.
func TestVectorFunctionsAllocateNothing(t *testing.T) {
	for _, set := range kernel.Sets() {
		restore := kernel.Use(set)
		for _, c := range vectorCases(37, false) {
			call, _ := c.make(onHeap)
			require.Zero(t, testing.AllocsPerRun(5, call), "%s: %s", set, c.name)
		}
		restore()
	}
}

// TestVectorChoice: every instruction set can be had by name, and passes its self-test.
func TestVectorChoice(t *testing.T) {
	for _, name := range kernel.Sets() {
		require.Equal(t, name, kernel.Choose(name))
	}
}

func TestWindowRefuses(t *testing.T) {
	x := make([]float32, 8)
	require.PanicsWithValue(t, "kernel: no such window: {Rows:0 Cols:1 Channels:2 Count:1 Line:0 Pixel:0 Step:0 Next:0}",
		func() { kernel.WindowMax(x, x, kernel.Window{Cols: 1, Channels: 2, Count: 1}) })
	require.Panics(t, func() { kernel.WindowMax(x[:2], x, kernel.Window{Rows: 2, Cols: 1, Channels: 2, Count: 1, Line: -2}) })
	require.Panics(t, func() { kernel.WindowMax(x[:2], x, kernel.Window{Rows: 2, Cols: 1, Channels: 2, Count: 1, Line: 7}) })
	require.Panics(t, func() { kernel.WindowSum(x[:1], x, kernel.Window{Rows: 2, Cols: 1, Channels: 2, Count: 1, Line: 2}) })
}

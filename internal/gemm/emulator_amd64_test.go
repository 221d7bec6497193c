package gemm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/x86"
)

// An emulator runs the micro-kernels of one instruction set on a machine, and
// counts which of them ran.
type emulator struct {
	programs map[string]*x86.Program
	machine  *x86.Machine
	ran      map[string]int
}

// emulate replaces the processor for the rest of the test.
func emulate(t *testing.T, isa string) *emulator {
	if testenv.Race {
		t.Skip("the race detector only slows the machine down")
	}
	e := &emulator{programs: x86.Programs(t, isa+"_amd64.s"), machine: &x86.Machine{}, ran: map[string]int{}}
	t.Cleanup(gemm.Emulate(func(name string, tile *gemm.TileMemory) {
		require.Contains(t, e.programs, name)
		e.ran[name]++
		e.machine.Run(e.programs[name], tile[:])
	}))
	return e
}

// grant limits the machine's memory to what one product may touch: the rows of
// A, the elements of C, and what belongs to the package.
func grant[T number](e *emulator, p *problem[T], packed *gemm.Packed[T]) {
	m := &x86.Machine{}
	for i := range p.m {
		x86.Allow(m, "a", p.a[i*p.lda:][:p.k], false)
		x86.Allow(m, "c", p.c[i*p.ldc:][:p.n], true)
	}
	x86.Allow(m, "b", packed.Panels(), false)
	x86.Allow(m, "bias", p.bias, false)
	x86.Allow(m, "lanes", gemm.Lanes(), false)
	x86.Allow(m, "segs", gemm.Origin(), false)
	e.machine = m
}

// runOn multiplies on the machine and checks the result.
func runOn[T number](t *testing.T, e *emulator, p *problem[T], isa string) {
	packed := p.pack(isa)
	grant(e, p, packed)
	packed.Mul(p.c, p.ldc, p.a, p.lda, p.m, p.bias, p.act)
	p.check(t, isa)
}

// runBytesOn is runOn for bytes.
func runBytesOn(t *testing.T, e *emulator, p *byteProblem, isa string) {
	b := gemm.PackBytesWith(isa, p.b, p.k, p.n, p.n, 1)
	a, c := p.units(b, intsOnHeap), p.result(p.n+1, intsOnHeap)
	m := &x86.Machine{}
	x86.Allow(m, "a", a, false)
	for i := range p.m {
		x86.Allow(m, "c", c[i*(p.n+1):][:p.n], true)
	}
	x86.Allow(m, "b", b.PanelsOfBytes(), false)
	x86.Allow(m, "lanes", gemm.Lanes(), false)
	x86.Allow(m, "segs", gemm.Origin(), false)
	e.machine = m
	b.Mul(c, p.n+1, a, b.UnitsOf(p.k), p.m)
	p.check(t, c, p.n+1)
}

// emulated are the instruction sets whose assembly the machine can read.
var emulated = []string{"avx2", "avx512"}

// TestEmulatedSizes is TestMulSizes on the machine, for AVX-512, which few
// processors have, and for AVX2, where the real processor gives the same
// answers and so vouches for the machine. Every micro-kernel must have run.
func TestEmulatedSizes(t *testing.T) {
	for _, isa := range emulated {
		t.Run(isa, func(t *testing.T) {
			e := emulate(t, isa)
			sizes(inShort(3, 37), func(p *problem[float32]) { runOn(t, e, p, isa) })
			sizes(inShort(3, 37), func(p *problem[float64]) { runOn(t, e, p, isa) })
			for m := 1; m <= 13; m++ { // every height, and every number of panels
				for n := 20; n <= 140; n += 40 {
					runOn(t, e, newProblem[float32](m, 9, n, 1, 1, 1, true, gemm.ReLU), isa)
					runOn(t, e, newProblem[float64](m, 9, n/2, 1, 1, 1, true, gemm.ReLU), isa)
				}
			}
			byteSizes(inShort(2, 9), func(p *byteProblem) { runBytesOn(t, e, p, isa) })
			for m := 1; m <= 24; m++ {
				for n := 20; n <= 140; n += 30 {
					runBytesOn(t, e, newByteProblem(m, 9, n), isa)
				}
			}
			require.Len(t, e.ran, len(e.programs), "%v", e.ran)
		})
	}
}

// TestEmulatedBlocks: more K than a block, so that sums start from C.
func TestEmulatedBlocks(t *testing.T) {
	for _, isa := range emulated {
		e := emulate(t, isa)
		k := 2*gemm.Depth(isa) + 1
		runOn(t, e, newProblem[float32](25, k, 45, 3, 2, 1, true, gemm.ReLU), isa)
		runOn(t, e, newProblem[float32](100, k, 3, 3, 2, 1, false, gemm.None), isa)
		runOn(t, e, newProblem[float64](25, k, 23, 3, 2, 1, true, gemm.ReLU), isa)
	}
}

func TestEmulatedConvolution(t *testing.T) {
	for _, isa := range emulated {
		e := emulate(t, isa)
		for name, v := range convs {
			if testing.Short() && name == "dilated, large" {
				continue
			}
			p, image, g, segs := problemOf[float32](v)
			packed := p.pack(isa)
			grant(e, p, packed)
			x86.Allow(e.machine, "image", image, false)
			x86.Allow(e.machine, "segs", segs, false)
			packed.MulGrid(p.c, p.ldc, image, g, segs, p.bias, p.act)
			p.check(t, isa)
		}
	}
}

// TestSelfTestRunsEveryMicroKernel: if one of them does nothing, and all others are
// right, the self-test fails.
func TestSelfTestRunsEveryMicroKernel(t *testing.T) {
	for _, isa := range gemm.Supported() {
		if isa == "generic" {
			continue
		}
		require.True(t, gemm.WorksWithout(isa, ""))
		for name := range x86.Programs(t, isa+"_amd64.s") {
			require.False(t, gemm.WorksWithout(isa, name), name)
		}
	}
}

// TestEmulatedSelfTest: a machine that computes wrongly, or not at all, fails
// the self-test, and the next lower instruction set is chosen.
func TestEmulatedSelfTest(t *testing.T) {
	if gemm.Supported()[0] == "generic" {
		t.Skip("there is nothing below generic")
	}
	defer gemm.Emulate(func(string, *gemm.TileMemory) {})()
	require.False(t, gemm.Works("avx2"))
	require.False(t, gemm.Works("avx512"))
	require.Equal(t, "generic", gemm.Choose(""))
}

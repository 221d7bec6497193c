package gemm

import "os"

// An isa is an instruction set, and stands for the micro-kernels that use it. The
// order is that of preference: a higher one is faster wherever it is supported.
type isa int

const (
	generic isa = iota // portable; see generic.go
	avx2               // AVX2 and FMA, 6 × 16
	avx512             // AVX-512F, 12 × 32
)

// variable is the environment variable that lowers the choice, for tests,
// benchmarks and bug reports: avx512, avx2 or generic. It has no effect if the
// machine does not support the instruction set, or the name is none of these.
const variable = "ALLOCARRAYS_KERNEL"

// active is chosen once, at start-up. Tests put others into a Packed.
var active = choose(os.Getenv(variable))

// ISA returns the name of the instruction set in use: "avx512", "avx2" or
// "generic".
func ISA() string { return active.String() }

// choose returns the highest instruction set, from the named one down, that runs
// here and whose micro-kernels pass the self-test.
func choose(name string) isa {
	k := avx512
	for i := range avx512 {
		if i.String() == name {
			k = i
		}
	}
	for k > generic && !(k.supported() && k.works()) {
		k--
	}
	return k
}

// String returns the name as the environment variable spells it.
func (k isa) String() string { return [...]string{"generic", "avx2", "avx512"}[k] }

// width is the number of columns in a panel of a matrix of n columns: two vectors.
func width[T Element](k isa, n int) int {
	switch k {
	case avx512:
		return 2 * 64 / sizeOf[T]()
	case avx2:
		return 2 * 32 / sizeOf[T]()
	}
	return n
}

// height is the number of rows of the tallest micro-kernel.
func (k isa) height() int {
	if k == avx512 {
		return maxRows
	}
	return 6
}

// narrow returns how many columns make a last panel a narrow one, of which only the
// first vector is computed, for tiles of so many rows; 0 for none. With embedded
// broadcasts AVX-512 takes half of the time for them. Under four rows too few sums
// would be in flight, and a narrow panel is part of a wide tile. Unsigned bytes cannot be broadcast so.
func (k isa) narrow(of kind, rows, width int) int {
	if k == avx512 && rows > 3 && of != inBytes {
		return width / 2
	}
	return 0
}

// depth is the number of K steps in a block. For AVX2 a panel's rows of one block,
// 25 KiB, stay in the first-level cache while all tiles below each other use them:
// blocks of 256 and 320 are 2 to 3 % slower at 32 × 784 × 128. For AVX-512 they take
// 128 KiB, in the second level: with twelve rows to a tile there is time to load
// them from there, and C is read and written a fourth as often as with 256, which
// takes 3 to 9 % longer from 32 × 784 × 128 to 64 × 1024 × 1024.
func (k isa) depth() int {
	if k == avx512 {
		return 1024
	}
	return 400
}

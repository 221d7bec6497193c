package kernel

import (
	"fmt"
	"os"
	"unsafe"
)

// An isa is an instruction set for which ../asm generates vector functions.
type isa int

const (
	generic isa = iota // loops in Go
	avx2
	avx512
)

// variable is the environment variable that lowers the choice; package gemm has the same.
const variable = "ALLOCARRAYS_KERNEL"

// active is chosen once, at start-up. Tests choose others.
var active = choose(os.Getenv(variable))

// choose returns the highest instruction set, from the named one down, that runs here
// and whose functions pass the self-test.
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

// lanes is the number of float32 in a vector.
func (k isa) lanes() int {
	if k == avx512 {
		return 16
	}
	return 8
}

// A function is a generated vector function. Those of all instruction sets, and the loop
// that stands for them elsewhere, give the same bits.
type function uint8

const (
	affine function = iota
	windowMax
	windowSum
	softmaxRows
	expSum
	subtract
	depthwise
	depthwise3
	winogradIn
	winogradOut
	quantize
	dequantize
	normalizeRows
	gate
	functions // how many there are
)

// unknown is the panic text for a function nobody generated.
func (f function) unknown() string { return fmt.Sprintf("kernel: no vector function %d", f) }

// partial returns the mask of the last, partial vector of n elements.
func (k isa) partial(n int) *int32 { return &tails[len(tails)/2-n%k.lanes()] }

// partialGroup is partial for groups.
func partialGroup(n int) *int32 { return &tails[len(tails)/2-n%group] }

// tails holds as many set lanes as a vector can have, then as many clear ones: a window
// on it is the mask of a partial vector.
var tails = [32]int32{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}

// address is that of an element, as a call has it.
func address[T float32 | float64 | uint8 | int8 | int32](x *T) *byte {
	return (*byte)(unsafe.Pointer(x))
}

package gemm

import "fmt"

// An Activation is applied to each element of the result as it is stored.
type Activation uint8

const (
	// None stores the sum as it is.
	None Activation = iota
	// ReLU stores max(0, x). NaN stays NaN, and -0 stays -0.
	ReLU
)

// check panics on a value that is not one of the constants.
func (act Activation) check() {
	if act > ReLU {
		panic(fmt.Sprintf("gemm: unknown activation %d", act))
	}
}

// relu applies ReLU in place. The comparison is false for NaN and for -0.
func relu[T Element](x []T) {
	for i, v := range x {
		if v < 0 {
			x[i] = 0
		}
	}
}

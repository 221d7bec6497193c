// Package model has the models and inputs that all candidates compute with: random,
// but the same in every process, and a plain computation of what comes out.
package model

import (
	"fmt"
	"math/rand/v2"
)

// Random returns n normally distributed numbers with the standard deviation given.
// The same seed gives the same numbers.
func Random(seed uint64, n int, deviation float64) []float32 {
	r := rand.New(rand.NewPCG(seed, 0x5eed))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * deviation)
	}
	return x
}

// CheckClose returns an error if two results differ by more than the tolerance, or
// in length.
func CheckClose(got, want []float32, tolerance float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d results, want %d", len(got), len(want))
	}
	for i := range got {
		if d := float64(got[i]) - float64(want[i]); !(d <= tolerance && d >= -tolerance) {
			return fmt.Errorf("result %d is %v, want %v", i, got[i], want[i])
		}
	}
	return nil
}

//go:build !amd64

package kernel

const wordLanes = 1

// integers does nothing: there is no assembly for this processor.
func integers[T Number](BinaryOp, []T, []T, []T, int) int { return 0 }

// sumIntegers does nothing either.
func sumIntegers[T Number]([]T) (sum T, n int) { return 0, 0 }

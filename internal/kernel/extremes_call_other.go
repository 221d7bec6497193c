//go:build !amd64

package kernel

// extremes is false: there is no assembly for this processor.
func extremes[T Number](BinaryOp, []T, []T, []T) bool { return false }

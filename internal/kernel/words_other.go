//go:build !amd64

package kernel

// There is no assembly for this processor: the loops do all.

const wordLanes = 1

func minMaxAVX2[T Number](BinaryOp, []T, []T, []T) bool { return false }

func addSubAVX2[T Number](BinaryOp, []T, []T, []T, int) int { return 0 }

func sumAVX2[T Number]([]T) (sum T, n int) { return 0, 0 }

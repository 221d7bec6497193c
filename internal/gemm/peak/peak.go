// Package peak measures what one core can do at best, so that a speed can be
// stated as a fraction of it: multiply-adds that touch no memory, and loads
// that compute nothing. It is meant for benchmarks.
package peak

import "golang.org/x/sys/cpu"

// FMA performs at least the given number of float32 multiply-adds, all of them
// independent enough to keep every unit busy, and returns how many floating
// point operations that were (two each). It uses AVX-512 if wide is set. The
// result is zero where the processor lacks the instructions.
func FMA(count int, wide bool) (flops int) {
	if wide {
		return fma(count, 24*16, cpu.X86.HasAVX512F, fmaAVX512)
	}
	return fma(count, 12*8, cpu.X86.HasAVX2 && cpu.X86.HasFMA, fmaAVX2)
}

// fma runs a loop that does perTurn multiply-adds in each of its turns.
func fma(count, perTurn int, supported bool, loop func(int)) int {
	if !supported {
		return 0
	}
	turns := max(1, (count+perTurn-1)/perTurn)
	loop(turns)
	return 2 * turns * perTurn
}

// Stream loads x once, in 256-bit pieces, and returns the bytes loaded: those of
// the largest multiple of 64 elements, or zero where there is no AVX2.
func Stream(x []float32) int {
	blocks := len(x) / 64
	if blocks == 0 || !cpu.X86.HasAVX2 {
		return 0
	}
	streamAVX2(&x[0], blocks)
	return 256 * blocks
}

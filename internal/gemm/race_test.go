//go:build race && amd64

package gemm_test

// raced reports whether the race detector is on.
const raced = true

//go:build !amd64

package peak

// The loops exist for amd64 only; elsewhere package cpu reports that the
// instructions are missing, and these are never called.

func fmaAVX2(int) {}

func fmaAVX512(int) {}

func streamAVX2(*float32, int) {}

//go:build amd64 || arm64

package callsite

// returnAddresses writes where the function that calls its caller returns to, where the
// one around that does, and so on, and returns how many these are. Functions that were
// inlined have none.
//
//go:noescape
func returnAddresses(calls *[8]uintptr) int

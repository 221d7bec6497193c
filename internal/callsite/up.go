package callsite

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
)

// User returns the place of the innermost call outside the packages that the program calls
// to allocate and to compute with arrays, for [Place]. It takes some tens of nanoseconds,
// where [Caller] takes hundreds, and is for places that are recorded often. If that call is
// more than some calls away, the place is within these packages.
//
//go:noinline
func User() uintptr {
	var calls [8]uintptr
	n := returnAddresses(&calls)
	for _, pc := range calls[:n] {
		if !within(pc) {
			return pc - 1 // within the call
		}
	}
	return max(calls[max(n-1, 0)], 1) - 1
}

// Known is User if all calls on the way to that are known, which it has seen before, and 0 else. It
// is a few nanoseconds.
func Known() uintptr {
	if pc := knownUser(&known); pc != 0 {
		return pc - 1
	}
	return 0
}

// known remembers of some return addresses whether all functions there, a call and those
// it is inlined in, pass on: the address, and 1 in the lowest bit if they do. A set is
// searched whole; when it is full, any of it makes room.
var known [1 << knownBits][8]atomic.Uint64

const knownBits = 9

// within reports whether all functions at a return address pass on.
func within(pc uintptr) bool {
	set := &known[uint64(pc)*0x9e3779b97f4a7c15>>(64-knownBits)]
	free := -1
	for i := range set {
		word := set[i].Load()
		if word>>1 == uint64(pc) {
			return word&1 != 0
		}
		if word == 0 {
			free = i
			break
		}
	}
	if free < 0 {
		free = rand.IntN(len(set))
	}
	_, outside := user(pc)
	word := uint64(pc) << 1
	if !outside {
		word |= 1
	}
	set[free].Store(word)
	return !outside
}

// user returns the innermost function at a return address that does not pass on; without
// one, the outermost, and false.
func user(pc uintptr) (f runtime.Frame, outside bool) {
	// The 0 is no function: behind the last address, those that it is inlined in are left out.
	frames := runtime.CallersFrames([]uintptr{pc, 0})
	for more := true; more; {
		f, more = frames.Next()
		if !passesOn(f.Function) && !computes(f.Function) {
			return f, true
		}
	}
	return f, false
}

// computes reports whether a function belongs to package allocarray.
func computes(function string) bool { return strings.HasPrefix(function, module+"allocarray.") }

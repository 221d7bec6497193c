// Package handshake holds what packages scope, bumper and locked must know of one
// another, and their users need not.
package handshake

import "github.com/allocarrays/allocarrays-go/scope/memory"

// SharingOf returns the [Sharing] of a, or nil if a is not a buffer. Package bumper sets
// it: every buffer that embeds bumper.Levels has one.
var SharingOf = func(a memory.Allocator) *Sharing { return nil }

// FindSharing returns the [Sharing] of the first buffer in a's chain of wrappers, or
// nil if there is none.
func FindSharing(a memory.Allocator) *Sharing {
	for ; a != nil; a = memory.Unwrap(a) {
		if s := SharingOf(a); s != nil {
			return s
		}
	}
	return nil
}

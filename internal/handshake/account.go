package handshake

import "github.com/allocarrays/allocarrays-go/scope/memory"

// An Account is charged for the storage of regions. It is safe for concurrent use, and
// its methods other than Exhausted and Leave may be called with locks held: they call
// nothing outside their package.
type Account interface {
	// Charge counts least bytes of storage, or more up to most, and returns how many;
	// or it returns an error, and nothing has changed. As long as there is plenty it
	// counts so many to spare on top, for the next call. What it returns exceeds least
	// by a multiple of 64.
	Charge(least, most, spare int) (int, error)

	// Discharge takes back n bytes of what was charged.
	Discharge(n int)

	// Exhausted is called for an allocation that failed with err, for the attempt-th
	// time, while no lock is held. It returns whether to try again, or else the block
	// that serves the request after all or the error to return.
	Exhausted(size, align uintptr, attempt int, err error) (block memory.Block, retry bool, final error)

	// Leave tells that the region which was opened for this account has ended and that
	// its storage was discharged.
	Leave()

	// Join returns an account that charges this one and inner, which is charged once if
	// this one charges it anyway. If inner is inherited from the region around, Leave
	// does not reach it.
	Join(inner Account, inherited bool) Account

	// Under reports whether a charge may be refused by that refuser.
	Under(*Refuser) bool
}

// An Instrument is an allocator around others that decides how scopes are opened, so
// that it need not stand in the way of each allocation.
type Instrument interface {
	memory.Wrapper

	// Scopes tells how scopes are opened, for all of the chain from this allocator on.
	Scopes() Scopes
}

// Scopes are the ability of an allocator to open scopes: a checkpointer, an opener, or none.
type Scopes struct {
	Checkpointer memory.Checkpointer
	Sharing      *Sharing // of the checkpointer, if it is a buffer
	Opener       RegionOpener
}

// FindScopes returns how scopes are opened on a, and the allocator in its chain of wrappers
// that does so; nil if none can.
func FindScopes(a memory.Allocator) (s Scopes, by memory.Allocator) {
	for ; a != nil; a = memory.Unwrap(a) {
		switch can := a.(type) {
		case Instrument: // which speaks for what it wraps
			return can.Scopes(), a
		case memory.Checkpointer:
			return Scopes{Checkpointer: can, Sharing: SharingOf(can)}, a
		case RegionOpener:
			return Scopes{Opener: can}, a
		}
	}
	return s, nil
}

// RefuserOf returns the refuser of the limit that refused, if err says so, or nil. Package
// meter sets it.
var RefuserOf = func(err error) *Refuser { return nil }

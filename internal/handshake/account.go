package handshake

import "github.com/allocarrays/allocarrays-go/scope/memory"

// An Account is charged for the storage of regions. It is safe for concurrent use, and
// its methods other than Exhausted and Leave may be called with locks held: they call
// nothing outside their package.
type Account interface {
	// Charge counts least bytes of storage, or more up to most, and returns how many;
	// or it returns an error, and nothing has changed. As long as there is plenty it
	// counts so many to spare on top, for the next call. All are multiples of 64.
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

	// Under reports whether a charge may be refused by that refuser; see [Refuser].
	Under(refuser any) bool
}

// A MeteredOpener is a [RegionOpener] whose regions can charge an account.
type MeteredOpener interface {
	RegionOpener

	// OpenMetered is OpenRegion for a region that charges the account.
	OpenMetered(Account) (Region, Generation, bool)
}

// An Instrument is an allocator around others that decides how scopes are opened, so
// that it need not stand in the way of each allocation.
type Instrument interface {
	memory.Wrapper

	// Scopes returns the ability through which scopes are opened, for all of the chain
	// from this allocator on; at most one is not nil.
	Scopes() (memory.Checkpointer, RegionOpener)
}

// RefuserOf returns the limit that refused, if err says so, or nil. Package meter sets it.
var RefuserOf = func(err error) any { return nil }

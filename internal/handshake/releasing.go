package handshake

import "github.com/allocarrays/allocarrays-go/scope/memory"

// A Releasing is a [Region] that may be able to release single blocks.
type Releasing interface {
	Region

	// Releaser returns what releases the blocks of the region's open scope: the owner of
	// their epochs. It is nil if the region has no such ability, or if none of
	// its scopes is open in the generation. Package scope calls it where it may call AllocIn.
	Releaser(g Generation) memory.Releaser
}

package replay

import "github.com/allocarrays/allocarrays-go/bumper"

// regionSlab is how much a region takes at a time.
const regionSlab = 4 << 10

// Regions returns a function for locked.Regions, so that each scope on a shared buffer has
// a Buffer of its own, and replays what was recorded in any:
//
//	shared := locked.Share(bumper.NewSlabBuffer(), locked.Regions(replay.Regions(plans)))
//
// All of them record into p; if p is nil, into Plans of their own.
func Regions(p *Plans) func(storage bumper.Source) bumper.Buffer {
	if p == nil {
		p = new(Plans)
	}
	return func(storage bumper.Source) bumper.Buffer {
		return New(From(storage), Slab(regionSlab), With(p))
	}
}

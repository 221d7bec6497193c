package meter

import (
	"math"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/scope"
)

// faults decides which allocations fail for a test.
type faults struct {
	nth         uint64
	probability float64
	seed        uint64
	count       atomic.Uint64 // allocations so far
	injected    atomic.Uint64
}

func (f *faults) on() bool { return f.nth > 0 || f.probability > 0 }

// inject returns the error of the next allocation, if it is to fail.
func (f *faults) inject(size uintptr) error {
	if size == 0 || !f.on() { // an empty block needs no memory
		return nil
	}
	n := f.count.Add(1)
	if n != f.nth && float64(mix(n+f.seed))/math.MaxUint64 >= f.probability {
		return nil
	}
	f.injected.Add(1)
	return &scope.ExhaustedError{Allocator: "meter.Fail", Requested: size, Cause: ErrInjected}
}

// mix is the output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
func mix(n uint64) uint64 {
	n *= 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

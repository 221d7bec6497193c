package scopehttp

import (
	"math/bits"
	"sync/atomic"
)

// Peaks is a histogram of how many bytes scopes have held at most.
type Peaks struct {
	// Count[i] is how many scopes held at most PeakBound(i) bytes, and more than the one
	// before; the last counts all that held more than its predecessor.
	Count [peakBuckets]uint64 `json:"counts"`
	Sum   uint64              `json:"sum"` // of their bytes
}

const peakBuckets = 12 // 1 KiB, 4 KiB, …, 1 GiB, and more

// PeakBound returns the upper bound of bucket i of a [Peaks]: 1 KiB for the first, and four
// times as much for each next. The last bucket has none.
func PeakBound(i int) int { return 1 << (10 + 2*i) }

// peaks is what Peaks are read from.
type peaks struct {
	count [peakBuckets]atomic.Uint64
	sum   atomic.Uint64
}

func (p *peaks) add(bytes int) {
	bucket := 0
	if bytes > PeakBound(0) {
		bucket = min((bits.Len(uint(bytes-1))-9)/2, peakBuckets-1)
	}
	p.count[bucket].Add(1)
	p.sum.Add(uint64(bytes))
}

func (p *peaks) read() (s Peaks) {
	for i := range s.Count {
		s.Count[i] = p.count[i].Load()
	}
	s.Sum = p.sum.Load()
	return s
}

package scopegrpc

import "sync/atomic"

// Outcomes of an RPC.
const (
	success = iota
	failure
	exhausted
	panicked
	refused
	numOutcomes
)

var outcomeNames = [numOutcomes]string{"ok", "error", "exhausted", "panic", "codec"}

type counts struct {
	open     atomic.Int64
	outcomes [numOutcomes]atomic.Uint64
	levels   [numLevels]atomic.Uint64
	peaks    peaks
}

// Open returns how many RPCs are between stats.Begin and stats.End.
func (h *Handler) Open() int { return int(h.open.Load()) }

// Outcomes returns how many RPCs have ended how: "ok"; "error"; "exhausted", because memory
// was; "panic", if somebody recovered it; "codec", refused because the codec may not copy.
// There are no other keys.
func (h *Handler) Outcomes() map[string]uint64 { return named(outcomeNames[:], h.outcomes[:]) }

// Exhausted returns for how many RPCs memory was exhausted, by whose limit that was: their
// "own" ([Limit]), that of their "tenant" ([Tenant]), or that of the "process" ([Within],
// or the buffer). There are no other keys.
func (h *Handler) Exhausted() map[string]uint64 { return named(levelNames[:], h.levels[:]) }

// Peaks returns a histogram of how many bytes RPCs have held at most, if there is a limit:
// else nobody counts them. The keys of atMost are bounds in bytes, and its values tell how
// many RPCs have held no more; count is how many there are, and sum of how many bytes.
func (h *Handler) Peaks() (atMost map[float64]uint64, count uint64, sum float64) {
	atMost = make(map[float64]uint64, numBounds)
	for i := range h.peaks.count {
		count += h.peaks.count[i].Load()
		if i < numBounds {
			atMost[float64(bound(i))] = count
		}
	}
	return atMost, count, float64(h.peaks.sum.Load())
}

func named(names []string, counts []atomic.Uint64) map[string]uint64 {
	all := make(map[string]uint64, len(names))
	for i, name := range names {
		all[name] = counts[i].Load()
	}
	return all
}

const numBounds = 11

// bound is how many bytes an RPC in bucket i has held at most: 1 KiB, 4 KiB, …, 1 GiB. The
// bucket after the last bound has none.
func bound(i int) int { return 1 << (10 + 2*i) }

// peaks counts the peaks in each bucket.
type peaks struct {
	count [numBounds + 1]atomic.Uint64
	sum   atomic.Uint64
}

func (p *peaks) add(bytes int) {
	i := 0
	for i < numBounds && bytes > bound(i) {
		i++
	}
	p.count[i].Add(1)
	p.sum.Add(uint64(bytes))
}

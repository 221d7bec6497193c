package scopegrpc

import (
	"sync/atomic"
)

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
}

// Open returns how many RPCs are between stats.Begin and stats.End.
func (h *Handler) Open() int { return int(h.open.Load()) }

// Outcomes returns how many RPCs have ended how: "ok"; "error"; "exhausted", because memory
// was; "panic", if somebody recovered it; "codec", refused because the codec may not copy.
// There are no other keys.
func (h *Handler) Outcomes() map[string]uint64 {
	all := make(map[string]uint64, numOutcomes)
	for i, name := range outcomeNames {
		all[name] = h.outcomes[i].Load()
	}
	return all
}

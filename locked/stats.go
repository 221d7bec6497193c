package locked

import "fmt"

// Stats describes how a shared buffer is used. Sizes are in bytes.
type Stats struct {
	Used        int // held by open regions, by closed ones for their next scope, and outside
	Outside     int // of blocks allocated outside every region, which stay until Reset
	Idle        int // taken from the source and not used; if isolating, not found free yet
	LargestIdle int // of that, the most in one piece
	Capacity    int // taken from the source: Used and Idle
	Limit       int // the most Capacity may become; 0 means no limit
	HighWater   int // the largest Capacity so far: enough as a Limit for the same load
	PeakRegion  int // the most that one region has held

	Open    int    // regions opened and not released yet
	Peak    int    // the largest Open so far
	Regions uint64 // opened so far
	Late    uint64 // allocations after the end of their scope, served by the heap
	Refused uint64 // allocations refused because memory was exhausted
}

// Stats returns how the buffer is used.
func (b *Buffer) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stats
	s.Used, s.Capacity, s.Limit = b.arena.used, b.arena.capacity, b.limit
	if b.isolating {
		s.Capacity = b.storage.Held()
	}
	s.Idle, s.LargestIdle = s.Capacity-s.Used, b.arena.largest()
	s.Outside, s.Late, s.Refused = int(b.outside.Load()), b.late.Load(), b.refused.Load()
	return s
}

// String returns the numbers in one line.
func (s Stats) String() string {
	return fmt.Sprintf("%d of %d bytes used, %d outside every region, %d idle in one piece, limit %d, high water %d; "+
		"%d regions open (peak %d, %d in all, largest %d bytes); %d refused, %d late",
		s.Used, s.Capacity, s.Outside, s.LargestIdle, s.Limit, s.HighWater,
		s.Open, s.Peak, s.Regions, s.PeakRegion, s.Refused, s.Late)
}

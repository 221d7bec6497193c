package locked

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/bumper"
)

// Stats tells how a shared buffer is used.
type Stats struct {
	// Buffer tells how the buffer itself is used. What was carved for regions, Idle
	// included, counts as used, and as Outside what was allocated outside every region.
	Buffer bumper.Stats

	Open    int    // regions that live now
	Peak    int    // the most that lived at the same time
	Regions uint64 // opened so far
	Idle    int    // bytes carved for regions that no region holds now
	Late    uint64 // allocations after the end of their scope, served by the heap
}

// Stats tells how the buffer is used.
func (b *Buffer) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stats
	s.Buffer, s.Idle, s.Late = b.inner.Stats(), b.idle.bytes(), b.late.Load()
	s.Buffer.Outside = b.outside
	return s
}

// String tells the numbers in one line.
func (s Stats) String() string {
	return fmt.Sprintf("%v; %d regions open (peak %d, %d in all), %d bytes idle, %d late allocations",
		s.Buffer, s.Open, s.Peak, s.Regions, s.Idle, s.Late)
}

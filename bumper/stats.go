package bumper

import "fmt"

// Stats tells how a buffer is used. Sizes are in bytes and include what
// alignment and the ends of slabs waste.
type Stats struct {
	Used        int    // handed out and not released
	Capacity    int    // taken from the source; for an AllocBuffer, its size
	HighWater   int    // the largest Used so far
	Limit       int    // the most Capacity may become; 0 means no limit
	Slabs       int    // pieces of storage held
	Allocations uint64 // blocks handed out since the buffer was made
	Resets      uint64 // successful calls of Reset
}

// String tells the numbers in one line.
func (s Stats) String() string {
	percent := 0.0
	if s.Capacity > 0 {
		percent = 100 * float64(s.Used) / float64(s.Capacity)
	}
	return fmt.Sprintf("%s of %s used (%.0f%%), high water %s, %d slabs, %d allocations, %d resets",
		bytes(s.Used), bytes(s.Capacity), percent, bytes(s.HighWater), s.Slabs, s.Allocations, s.Resets)
}

// bytes formats a size with a binary unit.
func bytes(n int) string {
	const units = "KMGT"
	f, u := float64(n), -1
	for f >= 1024 && u < len(units)-1 {
		f, u = f/1024, u+1
	}
	if u < 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %ciB", f, units[u])
}

package scopeprom

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/allocarrays/allocarrays-go/locked"
)

// Buffer makes metrics of a shared buffer. It panics if b is nil.
func Buffer(owner string, b *locked.Buffer) Option {
	if b == nil {
		panic(fmt.Sprintf("scopeprom: Buffer(%q, nil)", owner))
	}
	return func(c *Collector) {
		s := c.add("Buffer", owner)
		used := s.desc("buffer_used_bytes", "Memory held by scopes, and outside every scope.")
		idle := s.desc("buffer_idle_bytes", "Storage taken from the source and not used.")
		largest := s.desc("buffer_largest_idle_bytes", "The largest idle piece of storage.")
		capacity := s.desc("buffer_capacity_bytes", "Storage taken from the source.")
		limit := s.desc("buffer_limit_bytes", "The most storage that may be taken from the source.")
		outside := s.desc("buffer_outside_bytes", "Memory allocated outside every scope, held until the buffer is reset.")
		open := s.desc("buffer_open_regions", "Regions that are open.")
		regions := s.desc("buffer_regions_total", "Regions that were opened.")
		peak := s.desc("buffer_peak_region_bytes", "The most memory that one region has held since the start.")
		late := s.desc("late_allocations_total", "Allocations after the end of their scope, which came from the heap.")
		exhausted := s.desc(exhaustedName, exhaustedHelp, "level")
		s.collect = func(metrics chan<- prometheus.Metric) {
			n := b.Stats()
			metrics <- gauge(used, n.Used)
			metrics <- gauge(idle, n.Idle)
			metrics <- gauge(largest, n.LargestIdle)
			metrics <- gauge(capacity, n.Capacity)
			if n.Limit > 0 {
				metrics <- gauge(limit, n.Limit)
			}
			metrics <- gauge(outside, n.Outside)
			metrics <- gauge(open, n.Open)
			metrics <- counter(regions, n.Regions)
			metrics <- gauge(peak, n.PeakRegion)
			metrics <- counter(late, n.Late)
			metrics <- counter(exhausted, n.Refused, "buffer")
		}
	}
}

const (
	exhaustedName = "exhausted_total"
	exhaustedHelp = "Allocations of a buffer, or requests of a server, refused because memory was exhausted, by whose limit it was."
)

package scopeprom

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// A Server counts the scopes of requests or RPCs, as the Handler of contrib/grpc does. Its
// methods are safe for concurrent use. The keys of Outcomes are few and fixed: no input
// makes a new one, and none ever goes away.
type Server interface {
	Open() int
	Outcomes() map[string]uint64
}

// maxOutcomes bounds the series of one Server. What is beyond it is counted as "other".
const maxOutcomes = 16

// Scopes makes metrics of the scopes of a server. It panics if s is nil.
func Scopes(owner string, s Server) Option {
	if s == nil {
		panic(fmt.Sprintf("scopeprom: Scopes(%q, nil)", owner))
	}
	return func(c *Collector) {
		src := c.add("Scopes", owner)
		open := src.desc("scopes_open", "Requests or RPCs whose scope is open.")
		ended := src.desc("scopes_total", "Requests or RPCs whose scope has ended, by how it came to that.", "outcome")
		src.collect = func(metrics chan<- prometheus.Metric) {
			metrics <- gauge(open, s.Open())
			outcomes, other, more := s.Outcomes(), uint64(0), false
			for i, name := range slices.Sorted(maps.Keys(outcomes)) {
				if i < maxOutcomes && name != "other" {
					metrics <- counter(ended, outcomes[name], name)
				} else {
					other, more = other+outcomes[name], true
				}
			}
			if more {
				metrics <- counter(ended, other, "other")
			}
		}
	}
}

// Fallback makes metrics of what a fallback of package meter has taken from the heap, as
// count tells, which must be safe for concurrent use. It panics if count is nil.
func Fallback(owner string, count func() (blocks, bytes uint64)) Option {
	if count == nil {
		panic(fmt.Sprintf("scopeprom: Fallback(%q, nil)", owner))
	}
	return func(c *Collector) {
		s := c.add("Fallback", owner)
		blocks := s.desc("fallback_blocks_total", "Blocks that a fallback has taken from the heap.")
		bytes := s.desc("fallback_bytes_total", "Memory that a fallback has taken from the heap.")
		s.collect = func(metrics chan<- prometheus.Metric) {
			nblocks, nbytes := count()
			metrics <- counter(blocks, nblocks)
			metrics <- counter(bytes, nbytes)
		}
	}
}

package scopeprom

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// A Server counts the scopes of requests or RPCs, as the Handler of contrib/grpc does. Its
// methods are safe for concurrent use. The keys of the maps are few and fixed: no input
// makes a new one, and none ever goes away.
type Server interface {
	Open() int                    // scopes that are open
	Outcomes() map[string]uint64  // scopes that have ended, by how
	Exhausted() map[string]uint64 // for how many memory was exhausted, by whose limit

	// Peaks is a histogram of how many bytes they have held at most: how many no more than
	// each key of atMost, how many there are, and of how many bytes in all.
	Peaks() (atMost map[float64]uint64, count uint64, sum float64)
}

// Scopes makes metrics of the scopes of a server. It panics if s is nil.
func Scopes(owner string, s Server) Option {
	if s == nil {
		panic(fmt.Sprintf("scopeprom: Scopes(%q, nil)", owner))
	}
	return func(c *Collector) {
		src := c.add("Scopes", owner)
		open := src.desc("scopes_open", "Requests or RPCs whose scope is open.")
		ended := src.desc("scopes_total", "Requests or RPCs whose scope has ended, by how it came to that.", "outcome")
		exhausted := src.desc(exhaustedName, exhaustedHelp, "level")
		peaks := src.desc("scope_peak_bytes", "The most memory that each request or RPC has held, where there are limits.")
		src.collect = func(metrics chan<- prometheus.Metric) {
			metrics <- gauge(open, s.Open())
			counters(metrics, ended, s.Outcomes())
			counters(metrics, exhausted, s.Exhausted())
			atMost, count, sum := s.Peaks()
			metrics <- prometheus.MustNewConstHistogram(peaks, count, sum, atMost)
		}
	}
}

// maxValues bounds the series of one metric. What is beyond it is counted as "other".
const maxValues = 16

// counters makes a counter for each label value.
func counters(metrics chan<- prometheus.Metric, d *prometheus.Desc, counts map[string]uint64) {
	var other uint64
	var more bool
	for i, value := range slices.Sorted(maps.Keys(counts)) {
		if i < maxValues && value != "other" {
			metrics <- counter(d, counts[value], value)
		} else {
			other, more = other+counts[value], true
		}
	}
	if more {
		metrics <- counter(d, other, "other")
	}
}

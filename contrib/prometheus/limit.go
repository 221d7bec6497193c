package scopeprom

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/allocarrays/allocarrays-go/meter"
)

// Limit makes metrics of a limit, usually that of the process. It panics if l is nil.
func Limit(owner string, l *meter.Limit) Option {
	if l == nil {
		panic(fmt.Sprintf("scopeprom: Limit(%q, nil)", owner))
	}
	return func(c *Collector) {
		s := c.add("Limit", owner)
		used := s.desc("limit_used_bytes", "Memory charged to the limit.")
		bytes := s.desc("limit_bytes", "The most that may be charged to the limit.")
		refused := s.desc("limit_refused_total", "Charges that the limit has refused.")
		s.collect = func(metrics chan<- prometheus.Metric) {
			n := l.Stats()
			metrics <- gauge(used, n.Used)
			if n.Bytes > 0 {
				metrics <- gauge(bytes, n.Bytes)
			}
			metrics <- counter(refused, n.Refused)
		}
	}
}

// Fallback makes metrics of what a meter with the option meter.Fallback has taken from the
// heap. It panics if m is nil.
func Fallback(owner string, m *meter.Meter) Option {
	if m == nil {
		panic(fmt.Sprintf("scopeprom: Fallback(%q, nil)", owner))
	}
	return func(c *Collector) {
		s := c.add("Fallback", owner)
		blocks := s.desc("fallback_blocks_total", "Blocks that a fallback has taken from the heap.")
		bytes := s.desc("fallback_bytes_total", "Memory that a fallback has taken from the heap.")
		s.collect = func(metrics chan<- prometheus.Metric) {
			n := m.Stats()
			metrics <- counter(blocks, n.HeapBlocks)
			metrics <- counter(bytes, n.HeapBytes)
		}
	}
}

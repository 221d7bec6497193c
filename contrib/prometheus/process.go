package scopeprom

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Process makes metrics of what package scope counts for the whole process. Give it to one
// Collector of a registry.
func Process() Option {
	return func(c *Collector) {
		s := c.addOnce("Process", "")
		leaked := s.desc("leaked_scopes_total", "Scopes that nobody ended, found by the garbage collector.")
		stale := s.desc("stale_uses_total", "Uses of memory after the end of its scope that were noticed.")
		s.collect = func(metrics chan<- prometheus.Metric) {
			metrics <- counter(leaked, scope.Leaks())
			metrics <- counter(stale, scope.StaleUses())
		}
	}
}

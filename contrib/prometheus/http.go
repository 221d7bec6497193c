package scopeprom

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// HTTP makes metrics of the requests that counters count, which is given to
// scopehttp.Count. The outcomes are "ok", "overran", "exhausted", "aborted" and "panic". The
// middlewares' buffers are not among them: see [Buffer]. HTTP panics if counters is nil.
func HTTP(owner string, counters *scopehttp.Counters) Option {
	if counters == nil {
		panic(fmt.Sprintf("scopeprom: HTTP(%q, nil)", owner))
	}
	scopes := Scopes(owner, requests{counters})
	return func(c *Collector) {
		scopes(c)
		s := c.add("HTTP", owner)
		wait := s.desc("reserve_wait_seconds", "How long requests have waited for memory to be reserved.")
		s.collect = func(metrics chan<- prometheus.Metric) {
			n := counters.Stats()
			metrics <- prometheus.MustNewConstSummary(wait, n.Reserved, n.Waited, nil)
		}
	}
}

// requests is the Server of package scopehttp.
type requests struct{ *scopehttp.Counters }

func (r requests) Open() int { return r.Stats().Open }

func (r requests) Outcomes() map[string]uint64 {
	n := r.Stats()
	return map[string]uint64{"ok": n.Done, "overran": n.Overran, "exhausted": n.Refused, "aborted": n.Aborted, "panic": n.Panicked}
}

func (r requests) Exhausted() map[string]uint64 {
	n := r.Stats()
	return map[string]uint64{"own": n.Own, "tenant": n.Tenant, "process": n.Process}
}

func (r requests) Peaks() (atMost map[float64]uint64, count uint64, sum float64) {
	peaks := r.Stats().Peaks
	atMost = make(map[float64]uint64, len(peaks.Count))
	for i, n := range peaks.Count {
		count += n
		if i < len(peaks.Count)-1 { // the last has no bound
			atMost[float64(scopehttp.PeakBound(i))] = count
		}
	}
	return atMost, count, float64(peaks.Sum)
}

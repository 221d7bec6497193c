package service

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// metrics answers in the text format of Prometheus, version 0.0.4, which is what
// dashboards and alerts read. Package expvar would publish for the whole process, and the
// command line with it.
func (s *Service) metrics(w http.ResponseWriter, _ *http.Request) {
	var e exposition
	e.family("inference_requests_total", "counter", "Predictions asked for, by status.")
	for i, status := range statuses {
		e.value("", fmt.Sprintf(`{code="%d"}`, status), s.counts.requests[i].Load())
	}
	e.family("inference_images_total", "counter", "Images classified.")
	e.value("", "", s.counts.images.Load())
	e.durations(s.counts)

	const owner = `{owner="inference"}`
	b := s.buffer.Stats()
	e.family("allocarrays_buffer_used_bytes", "gauge", "Bytes of the shared buffer held by scopes.")
	e.value("", owner, b.Used)
	e.family("allocarrays_buffer_idle_bytes", "gauge", "Bytes of the shared buffer taken and not used.")
	e.value("", owner, b.Idle)
	e.family("allocarrays_buffer_capacity_bytes", "gauge", "Bytes that the shared buffer has taken.")
	e.value("", owner, b.Capacity)
	e.family("allocarrays_buffer_limit_bytes", "gauge", "Bytes that the shared buffer may take.")
	e.value("", owner, b.Limit)
	e.family("allocarrays_scopes_total", "counter", "Scopes opened on the shared buffer.")
	e.value("", owner, b.Regions)
	e.family("allocarrays_late_allocations_total", "counter", "Allocations after the end of their scope.")
	e.value("", owner, b.Late)
	e.family("allocarrays_exhausted_total", "counter", "Allocations refused because memory was exhausted.")
	e.value("", owner, b.Refused)

	heap := newHeapReader().read()
	e.family("go_memstats_heap_alloc_bytes", "gauge", "Bytes of objects on the Go heap, garbage included.")
	e.value("", "", heap.Live)
	e.family("go_memstats_alloc_bytes_total", "counter", "Bytes allocated on the Go heap.")
	e.value("", "", heap.Allocated)
	e.family("go_gc_cycles_total", "counter", "Cycles of garbage collection.")
	e.value("", "", heap.Cycles)
	e.family("go_goroutines", "gauge", "Goroutines.")
	e.value("", "", runtime.NumGoroutine())

	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(e.text.String()))
}

// An exposition is a text in the making.
type exposition struct {
	text strings.Builder
	name string // of the family
}

// family begins a family of values.
func (e *exposition) family(name, kind, help string) {
	e.name = name
	fmt.Fprintf(&e.text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// value writes one value of the family.
func (e *exposition) value(suffix, labels string, v any) {
	fmt.Fprintf(&e.text, "%s%s%s %v\n", e.name, suffix, labels, v)
}

// durations writes the histogram. The total is read first: requests that end meanwhile
// must not make it more than the buckets.
func (e *exposition) durations(c *counters) {
	e.family("inference_request_duration_seconds", "histogram", "How long predictions took, reading and writing included.")
	total, n := time.Duration(c.total.Load()), uint64(0)
	for i := range c.duration {
		n += c.duration[i].Load()
		bound := "+Inf"
		if i < len(bounds) {
			bound = fmt.Sprint(bounds[i].Seconds())
		}
		e.value("_bucket", fmt.Sprintf(`{le="%s"}`, bound), n)
	}
	e.value("_sum", "", total.Seconds())
	e.value("_count", "", n)
}

package service

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// metrics answers in the text format of Prometheus, version 0.0.4, which is what
// dashboards and alerts read. Package expvar would publish for the whole process, and the
// command line with it. What tells of the buffer has the names of the module
// contrib/prometheus, whose dashboard and alerts fit.
func (s *Service) metrics(w http.ResponseWriter, _ *http.Request) {
	var e exposition
	e.family("inference_requests_total", "counter", "Predictions asked for, by status.")
	for i, status := range statuses {
		e.value("", fmt.Sprintf(`{code="%d"}`, status), s.counts.requests[i].Load())
	}
	e.family("inference_images_total", "counter", "Images classified.")
	e.value("", "", s.counts.images.Load())
	e.durations(s.counts)

	buffer, requests := s.buffer.Stats(), s.scopes.Stats()
	e.buffer(buffer)
	e.scopes(requests)
	e.labelled("allocarrays_exhausted_total", "Allocations refused by the buffer; requests refused by a limit.", "level",
		tally{"buffer", buffer.Refused}, tally{"own", requests.Own}, tally{"process", requests.Process})
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

// A tally is a value of a label and how often it was the case.
type tally struct {
	label string
	n     uint64
}

// labelled writes a family of counters that one label tells apart.
func (e *exposition) labelled(name, help, label string, values ...tally) {
	e.family(name, "counter", help)
	for _, v := range values {
		e.value("", fmt.Sprintf(`{owner="inference",%s="%s"}`, label, v.label), v.n)
	}
}

// buffer writes the state of the shared buffer.
func (e *exposition) buffer(b locked.Stats) {
	for _, v := range []struct {
		name, kind, help string
		value            any
	}{
		{"buffer_used_bytes", "gauge", "Bytes of the buffer held by scopes.", b.Used},
		{"buffer_idle_bytes", "gauge", "Bytes that the buffer has taken and nobody uses.", b.Idle},
		{"buffer_largest_idle_bytes", "gauge", "Of the idle bytes, the most in one piece.", b.LargestIdle},
		{"buffer_capacity_bytes", "gauge", "Bytes that the buffer has taken.", b.Capacity},
		{"buffer_limit_bytes", "gauge", "The most bytes that the buffer may take.", b.Limit},
		{"buffer_outside_bytes", "gauge", "Bytes allocated outside every scope.", b.Outside},
		{"buffer_open_regions", "gauge", "Regions open now.", b.Open},
		{"buffer_regions_total", "counter", "Regions opened.", b.Regions},
		{"buffer_peak_region_bytes", "gauge", "The most bytes that one region has held.", b.PeakRegion},
		{"late_allocations_total", "counter", "Allocations after the end of their scope.", b.Late},
	} {
		e.family("allocarrays_"+v.name, v.kind, v.help)
		e.value("", `{owner="inference"}`, v.value)
	}
}

// scopes writes what became of the requests on the shared buffer.
func (e *exposition) scopes(c scopehttp.Stats) {
	e.family("allocarrays_scopes_open", "gauge", "Requests whose scope is open.")
	e.value("", `{owner="inference"}`, c.Open)
	e.labelled("allocarrays_scopes_total", "Requests whose scope has ended, by how it came to that.", "outcome",
		tally{"ok", c.Done}, tally{"overran", c.Overran}, tally{"exhausted", c.Refused}, tally{"aborted", c.Aborted}, tally{"panic", c.Panicked})
	e.family("allocarrays_scope_peak_bytes", "histogram", "The most that each scope has held.")
	n := uint64(0)
	for i, v := range c.Peaks.Count {
		n += v
		bound := "+Inf"
		if i < len(c.Peaks.Count)-1 {
			bound = fmt.Sprint(scopehttp.PeakBound(i))
		}
		e.value("_bucket", `{owner="inference",le="`+bound+`"}`, n)
	}
	e.value("_sum", `{owner="inference"}`, c.Peaks.Sum)
	e.value("_count", `{owner="inference"}`, n)
	e.family("allocarrays_stale_uses_total", "counter", "Uses of memory after the end of its scope.")
	e.value("", "", c.Stale)
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

package main

import (
	"encoding/json"
	"io"
	"math"
	"time"
)

// A report is the JSON object of the program.
type report struct {
	Model       string       `json:"model"`    // the file of the weights, or "embedded"
	Samples     int          `json:"samples"`  // images classified
	Accuracy    float64      `json:"accuracy"` // from 0 to 1
	Interrupted bool         `json:"interrupted,omitempty"`
	Runs        []runResult  `json:"runs"`
	Planned     []plannedRun `json:"planned,omitempty"` // none if it was interrupted

	tally tally
}

// A runResult is one measurement. Figures per batch are rounded to the nearest whole;
// the totals are exact.
type runResult struct {
	Allocator          string  `json:"allocator"`             // the name of a memory
	Batch              int     `json:"batch"`                 // images in each batch
	Workers            int     `json:"workers"`               // goroutines
	ImagesPerS         float64 `json:"images_per_s"`          // of all workers together
	HeapBytesPerBatch  uint64  `json:"heap_bytes_per_batch"`  // on the Go heap
	HeapAllocsPerBatch uint64  `json:"heap_allocs_per_batch"` // objects on the Go heap
	GCCycles           uint64  `json:"gc_cycles"`             // in the whole run
	P50us              float64 `json:"p50_us"`                // median time of a batch
	P99us              float64 `json:"p99_us"`                // what 99 % do not exceed
	Batches            uint64  `json:"batches"`               // of all workers together
	Seconds            float64 `json:"seconds"`               // on the clock
	HeapBytesTotal     uint64  `json:"heap_bytes_total"`      // in the whole run
	HeapAllocsTotal    uint64  `json:"heap_allocs_total"`     // in the whole run
}

// newRunResult returns what figure f, of at least one batch, says about memory m.
func (o options) newRunResult(m memory, f *figure) runResult {
	n := f.batches
	return runResult{
		Allocator: m.name, Batch: o.batch, Workers: o.workers,
		ImagesPerS:         tenths(float64(n) * float64(o.batch) / f.elapsed.Seconds()),
		HeapBytesPerBatch:  (f.heap.Bytes + n/2) / n,
		HeapAllocsPerBatch: (f.heap.Objects + n/2) / n,
		GCCycles:           f.heap.Cycles,
		P50us:              micros(f.latency.quantile(0.50)),
		P99us:              micros(f.latency.quantile(0.99)),
		Batches:            n, Seconds: f.elapsed.Seconds(),
		HeapBytesTotal: f.heap.Bytes, HeapAllocsTotal: f.heap.Objects,
	}
}

// tenths rounds to one decimal.
func tenths(v float64) float64 { return math.Round(v*10) / 10 }

// micros returns microseconds with one decimal.
func micros(d time.Duration) float64 { return tenths(float64(d) / float64(time.Microsecond)) }

// writeJSON writes the report as one line.
func (r *report) writeJSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }

package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
)

// writeEvaluation writes how well the model does, for people, and flushes: what
// follows takes its time.
func (r *report) writeEvaluation(out *bufio.Writer, o options, set samples, predictions []mlp.Prediction) error {
	if o.data == "" {
		out.WriteString(drawings(set, predictions))
	}
	images, correct := r.tally.totals()
	fmt.Fprintf(out, "%s, weights: %s. Of %s %s, %s are recognised: %.2f %%.\n\n",
		mlp.Name, r.Model, grouped(images), set.source, grouped(correct), 100*r.Accuracy)
	if o.data != "" {
		r.tally.writeTable(out)
	}
	if err := writeImports(out); err != nil {
		return err
	}
	return out.Flush()
}

// writeTable writes one line for each digit: how many images of it there were, how many
// of them were recognised, and its most frequent confusion.
func (t *tally) writeTable(out *bufio.Writer) {
	w := newTable(out)
	fmt.Fprint(w, "digit\timages\trecognised\t%\tmost often taken for\t\n")
	for d := range t {
		n := t.images(d)
		fmt.Fprintf(w, "%d\t%d\t%d\t%.1f\t%s\t\n", d, n, t[d][d], 100*float64(t[d][d])/float64(max(n, 1)), t.mistake(d))
	}
	w.Flush()
	out.WriteByte('\n')
}

// writeRuns writes the table of the runs and how they compare.
func (r *report) writeRuns(out *bufio.Writer) error {
	if len(r.Runs) > 0 {
		r.writeFigures(out)
	}
	out.WriteString(r.ratios())
	r.writePlanned(out)
	if r.Interrupted {
		out.WriteString("Interrupted: this is what was measured until then.\n")
	}
	return nil
}

// writeFigures writes the runs, at least one: a table of what to compare, and the totals
// that stand behind its columns per batch.
func (r *report) writeFigures(out *bufio.Writer) {
	first := r.Runs[0]
	fmt.Fprintf(out, "Batches of %d images, goroutines: %d, %.1f s each:\n\n", first.Batch, first.Workers, first.Seconds)
	w := newTable(out)
	fmt.Fprint(w, "memory\timages/s\theap bytes\theap allocs\tGC\tp50\tp99\t\n")
	fmt.Fprint(w, "\t\tper batch\tper batch\tcycles\tµs\tµs\t\n")
	for _, m := range r.Runs {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%.1f\t%.1f\t\n", m.Allocator, grouped(m.ImagesPerS),
			grouped(m.HeapBytesPerBatch), grouped(m.HeapAllocsPerBatch), grouped(m.GCCycles), m.P50us, m.P99us)
	}
	w.Flush()
	out.WriteByte('\n')
	for _, m := range r.Runs {
		fmt.Fprintf(out, "%s: %s heap objects, %s bytes, in all %s batches\n",
			m.Allocator, grouped(m.HeapAllocsTotal), grouped(m.HeapBytesTotal), grouped(m.Batches))
	}
}

// ratios compares all runs with the one on the heap, if there is one.
func (r *report) ratios() string {
	var parts []string
	for _, m := range r.Runs {
		if m.Allocator != "heap" && r.Runs[0].Allocator == "heap" {
			parts = append(parts, fmt.Sprintf("%s: %.2f× the images/s of heap, %.2f× its p99 latency",
				m.Allocator, m.ImagesPerS/r.Runs[0].ImagesPerS, m.P99us/r.Runs[0].P99us))
		}
	}
	if parts == nil {
		return ""
	}
	return "\n" + strings.Join(parts, "\n") + "\n"
}

// newTable returns a writer that aligns columns to the right. Its Flush writes into
// memory, whose errors come with that of out.
func newTable(out *bufio.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
}

// grouped formats a number, rounded, with a comma between thousands.
func grouped[T int | uint64 | float64](v T) string {
	s := strconv.FormatFloat(float64(v), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

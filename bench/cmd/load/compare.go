package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/load"
	"github.com/allocarrays/allocarrays-go/bench/internal/server"
)

// variants of the comparison; the first is what the others are compared with.
var variants = []string{server.Pool, server.Heap, "fast", "safe"}

// figures of a process.
type figures struct {
	rate, p50, p99, p999, rss, handler float64 // 1/s, milliseconds, MiB, microseconds
}

// fields in the order of the table.
func (f figures) fields() []float64 {
	return []float64{f.rate, f.p50, f.p99, f.p999, f.rss, f.handler}
}

// runComparison measures the variants in turn, in processes of their own, and prints medians
// and their ratios.
func (o options) runComparison(ctx context.Context, out io.Writer) error {
	requests, err := requestsFor(2 * o.clients)
	if err != nil {
		return err
	}
	all := map[string][]figures{}
	for round := range o.rounds {
		for i := range variants {
			variant := variants[(i+round)%len(variants)]
			f, err := o.measure(ctx, variant, requests)
			if err != nil {
				return fmt.Errorf("%s: %w", variant, err)
			}
			all[variant] = append(all[variant], f)
		}
	}
	fmt.Fprintf(out, "%d processes each, %d clients, GOGC=100, GOMEMLIMIT=512MiB; medians, and as multiples of %s's\n",
		o.rounds, len(requests), variants[0])
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "variant\trequests/s\tp50, ms\tp99, ms\tp999, ms\tpeak RSS, MiB\thandler, µs\t")
	base := medians(all[variants[0]])
	for _, variant := range variants {
		row := []string{variant}
		for i, m := range medians(all[variant]) {
			row = append(row, fmt.Sprintf("%.4g (%.2f)", m, m/base[i]))
		}
		fmt.Fprintln(table, strings.Join(row, "\t")+"\t")
	}
	return table.Flush()
}

// requestsFor returns different images for each client, and what the service answers.
func requestsFor(clients int) ([]load.Request, error) {
	calls, err := server.NewCalls(server.Heap)
	if err != nil {
		return nil, err
	}
	requests := make([]load.Request, clients)
	for i := range requests {
		body := server.Images(i, server.CallImages)
		requests[i] = load.Request{Body: body, Answer: calls.Answer(body)}
	}
	return requests, nil
}

// measure runs one process of a variant.
func (o options) measure(ctx context.Context, variant string, requests []load.Request) (f figures, err error) {
	c, err := start(ctx, variant, "GOGC=100", "GOMEMLIMIT=512MiB")
	if err != nil {
		return f, err
	}
	defer func() {
		if failed := c.stop(); err == nil {
			err = failed
		}
	}()
	if _, err := load.Run(ctx, c.addr, requests, o.slice/5); err != nil { // warms up
		return f, err
	}
	var nothing struct{}
	if err := c.ask("begin", &nothing); err != nil {
		return f, err
	}
	begin := time.Now()
	took, err := load.Run(ctx, c.addr, requests, o.slice)
	if err != nil {
		return f, err
	}
	f.rate = float64(len(took)) / time.Since(begin).Seconds()
	var usage server.Usage
	if err := c.ask("end", &usage); err != nil {
		return f, err
	}
	var handler time.Duration
	if !strings.HasPrefix(variant, "price ") {
		if err := c.ask("calls", &handler); err != nil {
			return f, err
		}
	}
	ms := func(q float64) float64 { return took.Quantile(q).Seconds() * 1e3 }
	f.p50, f.p99, f.p999 = ms(0.5), ms(0.99), ms(0.999)
	f.rss, f.handler = float64(usage.Peak)/(1<<20), handler.Seconds()*1e6
	return f, nil
}

// medians returns the median of each field.
func medians(all []figures) (m []float64) {
	for field := range len(figures{}.fields()) {
		var values []float64
		for _, f := range all {
			values = append(values, f.fields()[field])
		}
		slices.Sort(values)
		m = append(m, values[len(values)/2])
	}
	return m
}

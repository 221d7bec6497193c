package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/load"
)

// priceSizes are what a request takes, in bytes.
var priceSizes = []int{4 << 10, 62 << 10, 250 << 10, 1_000_000}

// priceHandler takes as many bytes as the body says in four arrays, each of which it writes and
// reads once, and answers with a number.
func priceHandler(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	size, notANumber := strconv.Atoi(string(body))
	if err != nil || notANumber != nil {
		http.Error(w, "want a number of bytes", http.StatusBadRequest)
		return
	}
	x := allocarray.Full(r.Context(), 1.0, size/32)
	for range 3 {
		x = allocarray.AddScalar(r.Context(), x, 1)
	}
	fmt.Fprint(w, allocarray.Max(x))
}

// runPrice measures what isolation costs for requests of several sizes.
func (o options) runPrice(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, "requests/s, medians of %d processes each, %d clients; and as multiples of fast's and the heap's\n", o.rounds, o.clients)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "KiB a request\tfast\tsafe\theap\tsafe/fast\tsafe/heap\t")
	for _, size := range priceSizes {
		body := strconv.Itoa(size)
		requests := make([]load.Request, o.clients)
		for i := range requests {
			requests[i] = load.Request{Body: []byte(body), Answer: []byte("4")}
		}
		all := map[string][]figures{}
		variants := []string{"price fast", "price safe", "price heap"}
		for round := range o.rounds {
			for i := range variants {
				variant := variants[(i+round)%len(variants)]
				f, err := o.measure(ctx, variant, requests)
				if err != nil {
					return fmt.Errorf("%s: %w", variant, err)
				}
				all[strings.TrimPrefix(variant, "price ")] = append(all[strings.TrimPrefix(variant, "price ")], f)
			}
		}
		fast, safe, heap := medians(all["fast"])[0], medians(all["safe"])[0], medians(all["heap"])[0]
		fmt.Fprintf(table, "%d\t%.0f\t%.0f\t%.0f\t%.2f\t%.2f\t\n", size>>10, fast, safe, heap, safe/fast, safe/heap)
	}
	return table.Flush()
}

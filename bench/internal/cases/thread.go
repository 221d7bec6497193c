package cases

import (
	"context"
	"fmt"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

var threadCase = Case{Name: "thread", Title: "The StrideArrays thread's examples", run: runThread}

const threadText = `The examples of the thread on reusing non-escaping arrays. E1 is its test: ones(n, n), + 2,
row sums, · 3, + 0, each operation making a new array; E2 and E3 are test2, the same in place
by hand for n = 1000 and 100; E4 is test3, on the stack. E5 fills a 48×48 matrix and a vector
through a func value and solves; E6 makes many small temporaries in a loop that builds one
large array; E7 is a chain of elementwise operations out of place. *Scope* means
out of place or in place with the memory of a bump buffer, *heap* the same code with the Go
heap, and *plain Go* loops over slices as one writes them without a library. In a
scope the result is copied out; it is what escapes. Operations of this module have SIMD kernels,
plain loops have not: compare rows of the same kind to see what memory costs.`

func runThread(ctx context.Context, e *Env) (record.Case, error) {
	c := record.Case{Text: threadText}
	measures := []func(context.Context) (record.Group, error){
		func(ctx context.Context) (record.Group, error) { return e.rowSums(ctx, 1000) },
		func(ctx context.Context) (record.Group, error) { return e.rowSums(ctx, 100) },
		e.solve, e.manySmall, e.chain,
	}
	var err error
	for _, measure := range measures {
		var g record.Group
		if g, err = measure(ctx); len(g.Rows) > 0 {
			c.Groups = append(c.Groups, g)
			c.Tables = append(c.Tables, detail(g))
		}
		if err != nil {
			break
		}
	}
	c.Bars = threadBars(c.Groups)
	c.Notes = absences(c.Groups)
	if len(c.Groups) > 1 {
		c.Charts = []record.Chart{ratios("performance-thread.svg", "test and test2 of the thread", "E1 in a scope", c.Groups[:2])}
	}
	return c, err
}

// The rows that the bars compare.
const (
	outScope = "out of place (E1), scope"
	inPlace  = "in place by hand (E2, E3), "
)

// rowSums measures E1 to E4.
func (e *Env) rowSums(ctx context.Context, n int) (record.Group, error) {
	g := record.Group{Name: fmt.Sprintf("n = %d", n), Base: outScope}
	entries := []entry{
		testEntry(outScope, n, bufferContext(), test),
		testEntry("out of place (E1), heap", n, context.Background(), test),
		testEntry(inPlace+"scope", n, bufferContext(), test2),
		testEntry(inPlace+"heap", n, context.Background(), test2),
		plainEntry("out of place (E1), plain Go", n, plainTest),
		plainEntry(inPlace+"plain Go", n, plainTest2),
	}
	if n == stackSize {
		entries = append(entries, plainEntry("on the stack (E4), plain Go", n, func(result []int64, _ int) { plainTest3(result) }))
	}
	return e.measure(ctx, g, 10*time.Millisecond, entries...)
}

func threadBars(groups []record.Group) (b []record.Bar) {
	if len(groups) < 2 {
		return nil
	}
	large, small := &groups[0], &groups[1]
	for _, kind := range []string{"plain Go", "heap"} {
		r, _ := large.Ratios("time", outScope, inPlace+kind)
		b = append(b, record.AtMost("E1 out of place in a scope, n = 1000: time relative to E2 in place by hand ("+kind+")", 1, r, "not run"))
	}
	b = append(b, record.AtMost("E1 in a scope, n = 1000: heap allocations", 0, whole(large.Row(outScope).Metric("allocs").Samples), "not run"))
	r, _ := small.Ratios("time", outScope, inPlace+"plain Go")
	return append(b, record.AtMost("E1 in a scope, n = 100: time relative to E3 in place, plain Go", 0.34, r, "not run"))
}

package cases

import (
	"context"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

var demoCase = Case{Name: "demo", Title: "The demo in AllocArrays.jl's README", run: runDemo}

const demoText = `basic_reduction of an array of 100 000 float64: two copies, their sum, and the sum of
its elements; the same function for every allocator. AllocArrays.jl publishes 2.289 MiB
for plain arrays, and 25 allocations, 800 bytes for a locked bumper.`

const demoLength = 100_000

// array is what the demo and the thread's examples compute with.
type array = allocarray.AllocArray[float64]

func someAllocatingFunction(ctx context.Context, a array) (b, c array) {
	b = a.Similar(ctx)
	a.CopyTo(b)
	c = a.Similar(ctx)
	a.CopyTo(c)
	return b, c
}

// basicReduction is the demo's function. It does not know where memory comes from.
func basicReduction(ctx context.Context, a array) float64 {
	b, c := someAllocatingFunction(ctx, a)
	return allocarray.Sum(allocarray.Add(ctx, b, c))
}

func runDemo(ctx context.Context, e *Env) (record.Case, error) {
	c := record.Case{Text: demoText}
	x := make([]float64, demoLength)
	for i := range x {
		x[i] = 1
	}
	a := allocarray.Wrap(x)
	worker, end := groupReduction("locked, in a Group's worker", a)
	defer end()
	g, err := e.measure(ctx, record.Group{Name: "basic_reduction", Base: "bumper"}, 10*time.Millisecond,
		reduction("bumper", bufferContext(), a),
		reduction("locked", lockedContext(), a),
		worker,
		reduction("heap", context.Background(), a),
	)
	c.Groups = []record.Group{g}
	allocs := g.Row("locked, in a Group's worker").Metric("allocs")
	c.Bars = []record.Bar{record.AtMost("basic_reduction in a Group's worker: heap allocations", 0, whole(allocs.Samples), "not run")}
	c.Tables = []record.Table{detail(g)}
	c.Notes = append(absences(c.Groups), "A one-shot scope on a locked buffer makes one small object, its context; inside a Group's worker scopes reuse one.")
	return c, err
}

// reduction runs the demo with one scope for each call.
func reduction(name string, ctx context.Context, a array) entry {
	var sum float64
	demo := func(ctx context.Context) error {
		sum = basicReduction(ctx, a)
		return nil
	}
	fn := func(n int) {
		for range n {
			must(scope.NoEscape(ctx, demo))
		}
	}
	return checked(name, fn, []float32{2 * demoLength}, func() []float32 { return []float32{float32(sum)} })
}

// groupReduction runs the demo in the worker of a group, which does all operations
// that it is asked for. The worker ends with the returned function.
func groupReduction(name string, a array) (entry, func()) {
	asked, done := make(chan int), make(chan struct{})
	g := locked.NewGroup(lockedContext())
	g.Go(func(ctx context.Context) error {
		for n := range asked {
			for range n {
				must(scope.NoEscape(ctx, func(ctx context.Context) error {
					basicReduction(ctx, a)
					return nil
				}))
			}
			done <- struct{}{}
		}
		return nil
	})
	work := func(n int) {
		asked <- n
		<-done
	}
	return run(name, work), func() {
		close(asked)
		must(g.Wait())
	}
}

package cases

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

var scalingCase = Case{Name: "scaling", Title: "Scaling: the cost of a Similar", run: runScaling}

const scalingText = `What one Similar of 128 float64 costs, without touching its elements, as something
grows: how deep scopes nest, how many values lie in the context above the allocator's
user (beside context's own Value, which walks them), how many private regions of one locked buffer
live, how large the buffer is that a scope fills, how many goroutines allocate (the time is
that of one core: elapsed time times the cores in use). A curve must not bend upwards: nowhere
may it lie more than a quarter below the straight line from its first to its last point, over
the axis as drawn. All points of a curve are measured in turn in each round.`

const similarLength = 128 // elements

// likeSimilar is what arrays are made similar to.
var likeSimilar = allocarray.Wrap(make([]float64, similarLength))

// many makes n arrays without touching them.
//
//scopevet:ignore loop the callers open the scope, and measure it
func many(ctx context.Context, n int) {
	for range n {
		_ = likeSimilar.Similar(ctx)
	}
}

const maxSag = 0.25

// A sweep is one thing that grows.
type sweep struct {
	name, file, title string
	x                 record.Axis
	at                []int
	entries           func(x int) (entries []entry, cleanup func())
}

func runScaling(ctx context.Context, e *Env) (record.Case, error) {
	c := record.Case{Text: scalingText}
	for _, s := range sweeps() {
		groups, err := e.sweep(ctx, s)
		c.Groups = append(c.Groups, groups...)
		if err != nil {
			return c, err
		}
		chart := curves("performance-scaling-"+s.file+".svg", s.title, s.x,
			record.Axis{Caption: "time per Similar — lower is better", Time: true}, "time", groups, ofValue)
		c.Charts = append(c.Charts, chart)
		c.Tables = append(c.Tables, down(s.title+": ns per Similar", s.x.Caption, groups, "time", timeCell))
		c.Bars = append(c.Bars, sagBars(s, groups)...)
	}
	return c, nil
}

// sweep measures all points of a sweep in turn, so that a slow moment of the machine
// does not bend a curve, and returns a group for each point.
func (e *Env) sweep(ctx context.Context, s sweep) ([]record.Group, error) {
	var entries []entry
	for _, x := range s.at {
		some, cleanup := s.entries(x)
		defer cleanup()
		for _, en := range some {
			en.Name = fmt.Sprintf("%d/%s", x, en.Name)
			entries = append(entries, en)
		}
	}
	all, err := e.measure(ctx, record.Group{Name: s.title}, 4*time.Millisecond, entries...)
	groups := make([]record.Group, len(s.at))
	for i, x := range s.at {
		groups[i] = record.Group{Name: fmt.Sprint(x), X: float64(x)}
		if s.x.Bytes {
			groups[i].Name = byteText(float64(x))
		}
		for _, r := range all.Rows {
			if name, ok := strings.CutPrefix(r.Name, fmt.Sprintf("%d/", x)); ok {
				r.Name = name
				groups[i].Rows = append(groups[i].Rows, r)
			}
		}
	}
	return groups, err
}

// sagBars judges the curves of our candidates by the ratios to their first point.
func sagBars(s sweep, groups []record.Group) (b []record.Bar) {
	var xs []float64
	for _, g := range groups {
		xs = append(xs, position(s.x, g.X))
	}
	for _, n := range names(groups) {
		first := groups[0].Row(n).Metric("time").Samples
		var ys []float64
		for _, g := range groups {
			if now := g.Row(n).Metric("time").Samples; len(now) > 0 {
				ys = append(ys, stats.Summarize(stats.Ratios(now, first)).Median)
			}
		}
		if n != peerCurve && len(ys) == len(xs) {
			b = append(b, record.AtMost("Curve over "+s.name+", "+n+": bends upwards by", maxSag, []float64{stats.Sag(xs, ys)}, "not run"))
		}
	}
	return b
}

// position is where x stands on the axis as drawn.
func position(a record.Axis, x float64) float64 {
	if a.Log {
		return math.Log2(x)
	}
	return x
}

func sweeps() []sweep {
	return []sweep{
		{"scope nesting", "nesting", "Nested scopes", record.Axis{Caption: "depth of scopes"}, []int{1, 2, 4, 8, 16, 32, 64}, nested},
		{"context depth", "depth", "Values in the context", record.Axis{Caption: "values above"}, []int{0, 4, 8, 16, 32, 64}, deep},
		{"live scopes", "scopes", "Live scopes of one locked buffer", record.Axis{Caption: "live regions", Log: true}, []int{1, 4, 16, 64, 256, 1024}, live},
		{"buffer size", "size", "Size of the buffer that a scope fills", record.Axis{Caption: "buffer", Log: true, Bytes: true},
			[]int{64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20, 256 << 20}, filled},
		{"goroutines", "goroutines", "Goroutines", record.Axis{Caption: "goroutines", Log: true}, []int{1, 2, 4, 8, 16, 32, 64}, concurrent},
	}
}

// perScope is how many arrays share a scope, so that the scope itself hardly counts.
const perScope = 256

// scoped makes n arrays in scopes of ctx.
func scoped(ctx context.Context, n int) {
	for ; n > 0; n -= perScope {
		must(scope.NoEscape(ctx, func(ctx context.Context) error {
			many(ctx, min(n, perScope))
			return nil
		}))
	}
}

// nested allocates below so many open scopes.
func nested(depth int) ([]entry, func()) {
	below := func(ctx context.Context) func(int) {
		return func(n int) { nest(ctx, depth-1, func(ctx context.Context) { scoped(ctx, n) }) }
	}
	return []entry{
		run("SlabBuffer", below(bufferContext())),
		run("locked, regions", below(lockedContext())),
	}, func() {}
}

// nest runs fn within so many scopes.
func nest(ctx context.Context, depth int, fn func(context.Context)) {
	if depth == 0 {
		fn(ctx)
		return
	}
	must(scope.NoEscape(ctx, func(ctx context.Context) error {
		nest(ctx, depth-1, fn)
		return nil
	}))
}

func lockedContext() context.Context {
	return locked.WithLockedBumper(context.Background(), bumper.NewSlabBuffer())
}

const peerCurve = "context.Value alone"

// deep allocates below so many values in the context.
func deep(depth int) ([]entry, func()) {
	ctx := deepen(bufferContext(), depth)
	plain := deepen(context.WithValue(context.Background(), depthKey(-1), "found"), depth)
	return []entry{
		run("SlabBuffer", func(n int) { scoped(ctx, n) }),
		run(peerCurve, func(n int) {
			for range n {
				if plain.Value(depthKey(-1)) == nil {
					panic("not found")
				}
			}
		}),
	}, func() {}
}

// live allocates while so many regions are open, each in a goroutine of its own.
func live(regions int) ([]entry, func()) {
	ctx := lockedContext()
	var open, done sync.WaitGroup
	end := make(chan struct{})
	for range regions - 1 {
		open.Add(1)
		done.Go(func() {
			must(scope.NoEscape(ctx, func(ctx context.Context) error {
				many(ctx, 1)
				open.Done()
				<-end
				return nil
			}))
		})
	}
	open.Wait()
	cleanup := func() {
		close(end)
		done.Wait()
	}
	return []entry{run("locked, regions", func(n int) { scoped(ctx, n) })}, cleanup
}

// filled fills a buffer of so many bytes in each scope.
func filled(size int) ([]entry, func()) {
	const block = similarLength * 8
	fill := func(ctx context.Context) func(int) {
		return func(n int) {
			for ; n > 0; n -= size / block {
				must(scope.NoEscape(ctx, func(ctx context.Context) error {
					many(ctx, min(n, size/block))
					return nil
				}))
			}
		}
	}
	fixed := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(size))
	return []entry{
		run("AllocBuffer", fill(fixed)),
		run("SlabBuffer", fill(bufferContext())),
	}, func() {}
}

// concurrent allocates in so many goroutines.
func concurrent(goroutines int) ([]entry, func()) {
	ctx := lockedContext()
	buffers := slices.Repeat([]context.Context{nil}, goroutines)
	for i := range buffers {
		buffers[i] = bufferContext()
	}
	inRegions := func(n int) {
		g := locked.NewGroup(ctx)
		for range goroutines {
			g.Go(func(ctx context.Context) error {
				scoped(ctx, n/goroutines)
				return nil
			})
		}
		must(g.Wait())
	}
	private := func(n int) {
		var wg sync.WaitGroup
		for _, ctx := range buffers {
			wg.Go(func() { scoped(ctx, n/goroutines) })
		}
		wg.Wait()
	}
	cores := min(goroutines, runtime.GOMAXPROCS(0))
	return []entry{perCore("locked, regions", inRegions, cores), perCore("private buffers", private, cores)}, func() {}
}

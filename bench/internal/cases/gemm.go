package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/gemm/peak"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

var gemmCase = Case{Name: "gemm", Title: "Matrix products, one core", run: runGemm, Kernels: true}

const gemmText = `float32 products of M×K by K×N on one core: the shapes of dense layers, and
512³. Our weights are packed once, as nn does when a model is loaded, which is not timed;
OpenBLAS and gonum have no such interface and pack, if they do, in each call. For one row
the peers use their product of a matrix and a vector. All results are checked against a
plain float64 product. The limit of the machine is what its units for multiply-adds do with
registers only, measured in turn with 512³: no product can take less time. It is compared by the
fastest rounds, as both only compute; other programs can make a round slower, but not faster. On
a machine so busy that a product was faster all the same, it is not given.

Go code runs with GOMAXPROCS=1, on whatever thread. Until November 2026 the harness locked
its goroutine to a thread. That cost gonum, which hands blocks to goroutines, a change of
threads for each: measured here, 161–204 µs instead of 6 µs for 2×64×256, 3.9 ms instead of
3.3 ms for 256×784×128, 23 ms instead of 18 ms for 512³; products of one block were not
affected. Ratios to gonum that were published before are too large by that.`

// limitRow is the row that no product can beat.
const limitRow = "multiply-adds alone"

var (
	gemmRows  = []int{1, 2, 4, 8, 16, 32, 64}
	gemmSides = []int{64, 128, 256, 512, 1024}
	gemmCube  = model.Shape{M: 512, K: 512, N: 512}
)

func gemmShapes() (shapes []model.Shape) {
	for _, m := range gemmRows {
		for _, k := range gemmSides {
			for _, n := range gemmSides {
				shapes = append(shapes, model.Shape{M: m, K: k, N: n})
			}
		}
	}
	return append(shapes, gemmCube)
}

func runGemm(ctx context.Context, e *Env) (record.Case, error) {
	defer measure.OneCore()()
	c := record.Case{Text: gemmText}
	var err error
	for _, s := range gemmShapes() {
		var g record.Group
		g, err = e.gemmGroup(ctx, s)
		c.Groups = append(c.Groups, g)
		if err != nil {
			break
		}
	}
	small, cube := c.Groups, []record.Group(nil)
	if n := len(gemmShapes()); len(small) == n {
		small, cube = small[:n-1], small[n-1:]
	}
	c.Bars = gemmBars(small, cube)
	c.Tables = append(c.Tables, byRows(small))
	if some := lost(small); len(some) > 0 {
		c.Tables = append(c.Tables, down("Where OpenBLAS is faster: time relative to ours", "M×K×N", some, "time", ratioCell))
	}
	if len(cube) > 0 {
		c.Tables = append(c.Tables, cubeTable(cube[0]))
	}
	all := down("All shapes: time relative to ours (more than 1 is slower)", "M×K×N", small, "time", ratioCell)
	all.Folded = true
	c.Tables = append(c.Tables, all)
	c.Notes = absences(c.Groups)
	c.Charts = []record.Chart{gemmChart(small, cube)}
	return c, err
}

func (e *Env) gemmGroup(ctx context.Context, s model.Shape) (record.Group, error) {
	want := s.Product()
	entries := []entry{ourGemm(s, want), e.child(ctx, "OpenBLAS", "OpenBLAS", "gemm/"+s.String(), want), gonumGemm(s, want)}
	if s == gemmCube && peak.FMA(1, wide()) > 0 {
		entries = append(entries, run(limitRow, func(n int) {
			for range n {
				peak.FMA(s.M*s.K*s.N, wide())
			}
		}))
	}
	return e.measure(ctx, record.Group{Name: s.String(), Base: "ours"}, 2*time.Millisecond, entries...)
}

// wide reports whether the kernels in use have vectors of 512 bits.
func wide() bool { return gemm.Kernel() == "avx512" }

func ourGemm(s model.Shape, want []float32) entry {
	a, c, packed := s.A(), make([]float32, s.M*s.N), gemm.Pack(s.B(), s.K, s.N, s.N, 1)
	fn := func(n int) {
		for range n {
			packed.Mul(c, s.N, a, s.K, s.M, nil, gemm.None)
		}
	}
	return checked("ours", fn, want, same(c))
}

func gonumGemm(s model.Shape, want []float32) entry {
	a, b, c := general(s.M, s.K, s.A()), general(s.K, s.N, s.B()), general(s.M, s.N, nil)
	fn := func(n int) {
		for range n {
			if s.M == 1 {
				blas32.Gemv(blas.Trans, 1, b, vector(a.Data), 0, vector(c.Data))
			} else {
				blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 0, c)
			}
		}
	}
	return checked("gonum", fn, want, same(c.Data))
}

// meanOver returns, for each round, the geometric mean of a relative to ours.
func meanOver(groups []record.Group, name string) []float64 {
	var series [][]float64
	for i := range groups {
		r, ok := groups[i].Ratios("time", name, "ours")
		if !ok {
			return nil
		}
		series = append(series, r)
	}
	return stats.GeoMeans(series)
}

func gemmBars(small, cube []record.Group) []record.Bar {
	var whole []float64
	if len(cube) > 0 { // all shapes were measured
		whole = meanOver(small, "OpenBLAS")
	}
	return []record.Bar{
		record.AtLeast(fmt.Sprintf("GEMM, %d dense-layer shapes: speed relative to OpenBLAS, geometric mean", len(small)), 1, whole, "OpenBLAS is absent or not all shapes were measured"),
		record.AtLeast("GEMM, 512³: speed relative to OpenBLAS", 0.9, meanOver(cube, "OpenBLAS"), "OpenBLAS is absent"),
	}
}

// ofRows returns the groups with that M.
func ofRows(groups []record.Group, m int) (some []record.Group) {
	for _, g := range groups {
		if shapeOf(g).M == m {
			some = append(some, g)
		}
	}
	return some
}

// shapeOf returns the shape that a group is named for.
func shapeOf(g record.Group) model.Shape {
	_, s, _, err := model.ParseWork("gemm/" + g.Name)
	if err != nil {
		panic(err) // the names are made from shapes
	}
	return s
}

func byRows(groups []record.Group) record.Table {
	t := record.Table{
		Title: "Time relative to ours, geometric mean over K and N from 64 to 1024 (more than 1 is slower)",
		Head:  []string{"M", "OpenBLAS", "gonum"},
	}
	for _, m := range gemmRows {
		line := []string{fmt.Sprint(m)}
		for _, name := range t.Head[1:] {
			text := "absent"
			if r := meanOver(ofRows(groups, m), name); r != nil {
				text = spread(stats.Summarize(r))
			}
			line = append(line, text)
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

// lost returns the groups in which OpenBLAS is faster.
func lost(groups []record.Group) (some []record.Group) {
	for _, g := range groups {
		if r, ok := g.Ratios("time", "OpenBLAS", "ours"); ok && stats.Summarize(r).Median < 1 {
			some = append(some, g)
		}
	}
	return some
}

// cubeTable compares 512³ with the limit of the machine.
func cubeTable(g record.Group) record.Table {
	t := record.Table{Title: "512³, and the limit of the machine, measured in turn",
		Head: []string{"", "time relative to ours", "GFLOP/s, fastest round", "part of the limit"}}
	limit, limited := limitOf(g)
	for i := range g.Rows {
		r := &g.Rows[i]
		rate, part := "—", "—"
		if ns, ok := fastest(r); ok {
			rate = number(gemmCube.Flops() / ns)
			if limited {
				part = fmt.Sprintf("%.0f %%", 100*limit/ns)
			}
		}
		t.Rows = append(t.Rows, []string{r.Name, cellOf(r, "time", ratioCell), rate, part})
	}
	return t
}

// limitOf returns the least time that 512³ can take, in nanoseconds. There is none on a
// machine that was so busy that a product took less.
func limitOf(g record.Group) (ns float64, ok bool) {
	limit, ok := fastest(g.Row(limitRow))
	for i := range g.Rows {
		if ns, measured := fastest(&g.Rows[i]); measured && ns < 0.98*limit {
			return 0, false
		}
	}
	return limit, ok
}

// fastest returns the time of a row in its fastest round, in nanoseconds.
func fastest(r *record.Row) (ns float64, ok bool) {
	if m := r.Metric("time"); m != nil && len(m.Samples) > 0 {
		return slices.Min(m.Samples), true
	}
	return 0, false
}

// gemmChart shows the speed by number of rows, against the limit of the machine.
func gemmChart(small, cube []record.Group) record.Chart {
	c := record.Chart{File: "performance-gemm.svg", Title: "Matrix products, one core: geometric mean over K and N",
		Y: record.Axis{Caption: "GFLOP/s — higher is better"}}
	groups := [][]record.Group{}
	for _, m := range gemmRows {
		groups, c.Labels = append(groups, ofRows(small, m)), append(c.Labels, fmt.Sprintf("M = %d", m))
	}
	groups, c.Labels = append(groups, cube), append(c.Labels, "512³")
	for _, name := range []string{"ours", "OpenBLAS", "gonum"} {
		s, found := record.Series{Name: name}, false
		for _, gs := range groups {
			p, ok := speed(gs, name)
			s.Points, found = append(s.Points, p), found || ok
		}
		if found {
			c.Series = append(c.Series, s)
		} else {
			c.Absent = append(c.Absent, name)
		}
	}
	if len(cube) > 0 {
		if ns, ok := limitOf(cube[0]); ok {
			c.Mark = &record.ChartMark{Y: gemmCube.Flops() / ns, Label: "limit: FMA units"}
		}
	}
	return c
}

// speed returns the geometric mean of the GFLOP/s over groups.
func speed(groups []record.Group, name string) (record.Point, bool) {
	var series [][]float64
	for _, g := range groups {
		m := g.Row(name).Metric("time")
		if m == nil || len(m.Samples) == 0 {
			return record.Point{Missing: true}, false
		}
		rates := make([]float64, len(m.Samples))
		for i, ns := range m.Samples {
			rates[i] = shapeOf(g).Flops() / ns
		}
		series = append(series, rates)
	}
	if len(series) == 0 {
		return record.Point{Missing: true}, false
	}
	return record.Point{Y: stats.Summarize(stats.GeoMeans(series))}, true
}

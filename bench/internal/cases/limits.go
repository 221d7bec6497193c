package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/gemm/peak"
)

// limits are what one core can do at best, as in the roofline model (Williams,
// Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for
// Multicore Architectures", CACM 52(4), 2009).
type limits struct {
	groups []record.Group
	flops  float64 // GFLOP/s, multiply-adds in registers
	reads  []reading
}

// A reading is the speed at which memory of a size is read again and again.
type reading struct {
	bytes int
	rate  float64 // GB/s
}

func (e *Env) measureLimits(ctx context.Context) (l limits, err error) {
	const steps = 1 << 16
	wide := gemm.ISA() == "avx512"
	flops := peak.FMA(steps, wide)
	if flops == 0 {
		return l, nil // no such instructions: there is nothing to compare with
	}
	entries := []entry{run("multiply-adds", func(n int) {
		for range n {
			peak.FMA(steps, wide)
		}
	})}
	sizes := []int{16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 64 << 20}
	for _, size := range sizes {
		x := model.Random(31, 1<<10, 1) // written, or all pages would be one page of zeros
		x = slices.Repeat(x, size/4/len(x))
		entries = append(entries, run("read "+byteText(float64(size)), func(n int) {
			for range n {
				peak.Stream(x)
			}
		}))
	}
	g, err := e.measure(ctx, record.Group{Name: "limits of the machine"}, 10*time.Millisecond, entries...)
	l.groups = []record.Group{g}
	l.flops = rate(&g.Rows[0], float64(flops))
	for i, size := range sizes {
		l.reads = append(l.reads, reading{size, rate(&g.Rows[i+1], float64(size))})
	}
	return l, err
}

// rate returns how much was done in a nanosecond.
func rate(r *record.Row, amount float64) float64 {
	if m := r.Metric("time"); m != nil && len(m.Samples) > 0 {
		return amount / m.Value.Median
	}
	return 0
}

// bandwidth returns the speed, in GB/s, at which so many bytes are read repeatedly:
// that of the next larger size that was measured.
func (l limits) bandwidth(bytes int) float64 {
	for _, r := range l.reads {
		if bytes <= r.bytes {
			return r.rate
		}
	}
	return l.reads[len(l.reads)-1].rate
}

// part returns the part of the roofline that a product of a group reaches if it
// takes ns, and what bounds it.
func (l limits) part(g record.Group, ns float64) (part float64, bound string) {
	s := shapeOf(g)
	weights := 4 * s.K * s.N
	compute, read := s.Flops()/l.flops, float64(weights)/l.bandwidth(weights)
	if read > compute {
		return read / ns, "reading B"
	}
	return compute / ns, "FMA units"
}

// roofTable compares products with the roofline: those that are lost, and the cube.
func roofTable(groups []record.Group, l limits) record.Table {
	t := record.Table{
		Title: "Where OpenBLAS is faster, and 512³: how near each is to the limit of the machine",
		Head:  []string{"M×K×N", "OpenBLAS relative to ours", "ours, part of the limit", "OpenBLAS, part of the limit", "the limit is"},
	}
	for _, g := range groups {
		ours, theirs := g.Row("ours").Metric("time"), g.Row("OpenBLAS").Metric("time")
		if l.flops == 0 || ours == nil || theirs == nil || len(ours.Samples) == 0 {
			continue
		}
		a, bound := l.part(g, ours.Value.Median)
		b, _ := l.part(g, theirs.Value.Median)
		t.Rows = append(t.Rows, []string{g.Name, ratioCell(*theirs), percent(a), percent(b), bound})
	}
	return t
}

func percent(part float64) string { return fmt.Sprintf("%.0f %%", 100*part) }

func (l limits) table() record.Table {
	t := record.Table{Title: "Limits of one core, measured in the same run", Head: []string{"", "rate"}}
	if l.flops == 0 {
		t.Rows = [][]string{{"not measured: the processor has neither AVX2 nor AVX-512", "—"}}
		return t
	}
	t.Rows = append(t.Rows, []string{"multiply-adds in registers", number(l.flops) + " GFLOP/s"})
	for _, r := range l.reads {
		t.Rows = append(t.Rows, []string{"reading " + byteText(float64(r.bytes)) + " repeatedly", number(r.rate) + " GB/s"})
	}
	return t
}

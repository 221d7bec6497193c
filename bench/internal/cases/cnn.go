package cases

import (
	"context"
	"fmt"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/scope"
)

var cnnCase = Case{Name: "cnn", Title: "The digits CNN of AllocArrays.jl, one core", run: runCNN, Kernels: true}

const cnnText = `DigitsModel of AllocArrays.jl's benchmark with random weights: convolutions 3×3 1→32, 32→16,
16→10 with ReLU, a batch normalisation with ReLU behind the first, 2×2 maxima behind the first
two, dense 90→10, the same dense 10→10 twice, softmax; batches of 32 images of 28×28 and of one, on one
core. All candidates must agree with a plain computation first. *Heap* is a process of its own, and
*runtimefreegc* the same program built with GOEXPERIMENT=runtimefreegc,sizespecializedmalloc
(golang/go#74299). *gonum* is im2col by hand and its
product, reusing all memory. AllocArrays.jl publishes, for 1000 images, 221.5 MiB with plain
arrays and 10.09 k allocations, 843 KiB with AllocArrays.`

// cnnBatches are measured; what AllocArrays.jl publishes is compared with the first.
var cnnBatches = []int{32, 1}

func runCNN(ctx context.Context, e *Env) (record.Case, error) {
	defer measure.OneCore()()
	c := record.Case{Text: cnnText}
	var err error
	for _, batch := range cnnBatches {
		var g record.Group
		g, err = e.cnnGroup(ctx, batch)
		c.Groups = append(c.Groups, g)
		c.Bars = append(c.Bars, cnnBars(&g, batch)...)
		c.Tables = append(c.Tables, detail(g))
		if batch == cnnBatches[0] {
			c.Tables = append(c.Tables, perThousand(g, batch))
		}
		if err != nil {
			break
		}
	}
	c.Notes = append(absences(c.Groups), "gorgonia.org/tensor has no convolution. What C libraries allocate is not seen by the Go heap's counters.")
	c.Charts = []record.Chart{ratios("performance-cnn.svg", "Digits CNN, one core", "ours", c.Groups)}
	return c, err
}

func (e *Env) cnnGroup(ctx context.Context, batch int) (record.Group, error) {
	weights, input := model.NewCNN(), model.Images(batch)
	want := weights.Forward(input)
	work := fmt.Sprintf("cnn/%d", batch)
	return e.measure(ctx, record.Group{Name: fmt.Sprintf("batch %d", batch), Base: "ours"}, 20*time.Millisecond,
		ourCNN("ours", weights, input, want, bufferContext()),
		ourCNN("ours, locked buffer", weights, input, want, lockedContext()),
		e.child(ctx, "ours, "+ownPeer, ownPeer, work, want),
		e.child(ctx, "ours, "+freePeer, freePeer, work, want),
		e.child(ctx, "onnxruntime", "onnxruntime", work, want),
		gonumCNN(weights, input, want),
		e.child(ctx, "gomlx (Go)", "gomlx (Go)", work, want),
	)
}

func cnnBars(g *record.Group, batch int) (b []record.Bar) {
	m := g.Row("ours").Metric("allocs")
	if m == nil {
		return nil
	}
	name := fmt.Sprintf("Digits CNN, batch %d: ", batch)
	b = append(b, record.AtMost(name+"heap allocations per batch", 0, whole(m.Samples), "not run"))
	least := map[string]float64{"onnxruntime": 1, "gonum": 1, "gomlx (Go)": 1}
	if batch > 1 {
		least["onnxruntime"] = 1.1
	}
	for _, p := range []string{"onnxruntime", "gonum", "gomlx (Go)"} {
		speed, _ := g.Ratios("time", p, "ours")
		b = append(b, record.AtLeast(name+"speed relative to "+p, least[p], speed, p+" is absent"))
	}
	return b
}

// perThousand is what 1000 images allocate, as AllocArrays.jl publishes it.
func perThousand(g record.Group, batch int) record.Table {
	t := record.Table{Title: "Go heap, per 1000 images (in batches of 32)", Head: []string{"", "allocations", "bytes"}}
	batches := 1000 / float64(batch)
	for _, r := range g.Rows {
		allocs, bytes := r.Metric("allocs"), r.Metric("bytes")
		if allocs == nil || len(allocs.Samples) == 0 {
			continue
		}
		t.Rows = append(t.Rows, []string{r.Name, number(batches * allocs.Value.Median), byteText(batches * bytes.Value.Median)})
	}
	return t
}

// ourCNN runs the chain with one scope for each batch.
func ourCNN(name string, w model.CNN, input, want []float32, ctx context.Context) entry {
	chain := model.NewCNNChain(w)
	x := allocarray.Wrap(input, len(input)/(model.Side*model.Side), model.Side, model.Side, 1)
	got := make([]float32, len(want))
	infer := func(ctx context.Context) error {
		copy(got, chain.Forward(ctx, x).Data())
		return nil
	}
	fn := func(n int) {
		for range n {
			must(scope.NoEscape(ctx, infer))
		}
	}
	return checked(name, fn, want, same(got))
}

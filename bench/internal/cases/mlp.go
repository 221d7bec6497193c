package cases

import (
	"context"
	"fmt"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

var mlpCase = Case{Name: "mlp", Title: "MLP inference, one core", run: runMLP, Kernels: true}

const mlpText = `A network 784→128→10 with a ReLU and a softmax, the same random weights for
all, one core (GOMAXPROCS=1 for Go code, one thread in C libraries). Every candidate must give the
same probabilities (within 10⁻⁴ of a plain float64 computation) before it is timed. Peers
without bias, ReLU and softmax get a plain loop for them, in their own language, and
reuse their results.`

func runMLP(ctx context.Context, e *Env) (record.Case, error) {
	defer measure.OneCore()()
	c := record.Case{Text: mlpText}
	var err error
	for _, batch := range []int{1, 32, 256} {
		var g record.Group
		g, err = e.mlpGroup(ctx, batch)
		c.Groups = append(c.Groups, g)
		c.Bars = append(c.Bars, mlpBars(&g, batch)...)
		if err != nil {
			break
		}
	}
	c.Tables = []record.Table{
		across("Time relative to ours on a bump buffer (more than 1 is slower)", c.Groups, "time", ratioCell),
		across("Time per batch, for orientation", c.Groups, "time", timeCell),
		memory(c.Groups),
	}
	c.Notes = append(absences(c.Groups), "What C libraries allocate is not seen by the Go heap's counters.")
	c.Charts = []record.Chart{ratios("performance-mlp.svg", "MLP 784-128-10, one core", "ours", c.Groups)}
	return c, err
}

func (e *Env) mlpGroup(ctx context.Context, batch int) (record.Group, error) {
	weights, input := model.NewMLP(), model.Input(batch)
	want := weights.Forward(input)
	work := fmt.Sprintf("mlp/%d", batch)
	g := record.Group{Name: fmt.Sprintf("batch %d", batch), Base: "ours"}
	return e.measure(ctx, g, 10*time.Millisecond,
		ourMLP("ours", weights, input, want, bufferContext()),
		ourMLP("ours, locked buffer", weights, input, want, lockedContext()),
		ourMLP("ours, heap", weights, input, want, context.Background()),
		e.child(ctx, "onnxruntime", "onnxruntime", work, want),
		e.child(ctx, "OpenBLAS", "OpenBLAS", work, want),
		gonumMLP(weights, input, want),
		e.child(ctx, "gorgonia", "gorgonia", work, want),
		e.child(ctx, "gomlx (Go)", "gomlx (Go)", work, want),
	)
}

func mlpBars(g *record.Group, batch int) (b []record.Bar) {
	speed, _ := g.Ratios("time", "onnxruntime", "ours")
	b = append(b, record.AtLeast(fmt.Sprintf("MLP, batch %d: speed relative to onnxruntime", batch), 1, speed, "onnxruntime is absent"))
	if batch == 32 {
		speed, _ = g.Ratios("time", "gonum", "ours")
		b = append(b, record.AtLeast("MLP, batch 32: speed relative to gonum", 4, speed, "gonum is absent"))
	}
	var allocs []float64
	if m := g.Row("ours").Metric("allocs"); m != nil {
		allocs = m.Samples
	}
	return append(b, record.AtMost(fmt.Sprintf("MLP, batch %d: heap allocations per inference", batch), 0, whole(allocs), "not run"))
}

// whole drops what is less than half an allocation per hundred operations: the
// runtime itself allocates now and then.
func whole(allocs []float64) []float64 {
	counts := make([]float64, len(allocs))
	for i, a := range allocs {
		if a >= 0.005 {
			counts[i] = a
		}
	}
	return counts
}

// bufferContext returns a context with a bump buffer.
func bufferContext() context.Context {
	return scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
}

// ourMLP runs the chain with one scope for each batch.
func ourMLP(name string, w model.MLP, input, want []float32, ctx context.Context) entry {
	chain, x := model.NewChain(w), allocarray.Wrap(input, len(input)/model.In, model.In)
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

// gonumMLP reuses its results; a single sample is the product with a vector, which
// gonum does faster by its own function.
func gonumMLP(w model.MLP, input, want []float32) entry {
	batch := len(input) / model.In
	x := general(batch, model.In, input)
	h, y := general(batch, model.Hidden, nil), general(batch, model.Out, nil)
	w1, w2 := general(model.Hidden, model.In, w.W1), general(model.Out, model.Hidden, w.W2)
	fn := func(n int) {
		for range n {
			gonumDense(x, w1, h)
			model.AddBias(h.Data, w.B1, true)
			gonumDense(h, w2, y)
			model.AddBias(y.Data, w.B2, false)
			model.SoftmaxRows(y.Data, model.Out)
		}
	}
	return checked("gonum", fn, want, same(y.Data))
}

func general(rows, cols int, data []float32) blas32.General {
	if data == nil {
		data = make([]float32, rows*cols)
	}
	return blas32.General{Rows: rows, Cols: cols, Stride: cols, Data: data}
}

// gonumDense sets y to x·Wᵀ.
func gonumDense(x, w, y blas32.General) {
	if x.Rows > 1 {
		blas32.Gemm(blas.NoTrans, blas.Trans, 1, x, w, 0, y)
		return
	}
	blas32.Gemv(blas.NoTrans, 1, w, vector(x.Data), 0, vector(y.Data))
}

func vector(x []float32) blas32.Vector { return blas32.Vector{N: len(x), Inc: 1, Data: x} }

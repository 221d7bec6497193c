package main

import (
	"bufio"
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A plannedRun says what memory one batch needs if each array is released after its last use, in
// bytes. Blocks count in whole multiples of 64.
type plannedRun struct {
	Model  string `json:"model"`
	Batch  int    `json:"batch"`       // images
	Arrays int    `json:"arrays"`      // that were allocated
	Sum    int    `json:"sum"`         // of all arrays: what a bump buffer holds
	Fit    int    `json:"best_fit"`    // what is held without a plan, in the first run
	Bound  int    `json:"lower_bound"` // what no plan can beat: the most that lives at once
	Peak   int    `json:"peak"`        // what the planned run has held
}

// plannedRuns measures the model of the demonstration and a convolutional one, each with its first
// batch.
func (o options) plannedRuns(ctx context.Context, model *nn.Chain, set samples) ([]plannedRun, error) {
	cnn, err := newCNN()
	if err != nil {
		return nil, err
	}
	images := set.batch(0, min(o.batch, set.len()))
	out := make([]mlp.Prediction, images.Dim(0))
	var all []plannedRun
	for _, m := range []struct {
		name string
		run  func(context.Context)
	}{
		{mlp.Name, func(ctx context.Context) { mlp.Classify(ctx, model, images, out) }},
		{cnnName, func(ctx context.Context) { classifyCNN(ctx, cnn, images) }},
	} {
		r, err := replayed(ctx, m.name, images.Dim(0), m.run)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// replayed records a run in one buffer, and replays it from the plan in another.
func replayed(ctx context.Context, name string, batch int, run func(context.Context)) (plannedRun, error) {
	var plans replay.Plans
	var held [2]int
	for i := range held {
		buf := replay.New(replay.With(&plans))
		err := scope.NoEscape(scope.WithAllocator(ctx, buf), func(ctx context.Context) error {
			run(ctx)
			return nil
		})
		if err != nil {
			return plannedRun{}, err
		}
		held[i] = buf.Stats().HighWater
	}
	r := plans.Scopes()[0].Recordings[0]
	return plannedRun{name, batch, r.Blocks, r.Bump, held[0], r.Bound, held[1]}, nil
}

// cnnName is the convolutional network in a few words.
const cnnName = "CNN 32-16-10"

// newCNN returns the network of the benchmark in AllocArrays.jl, with all weights zero: what memory it
// needs does not depend on them.
func newCNN() (*nn.Chain, error) {
	tied := nn.NewDense("tied", mlp.Classes, mlp.Classes)
	return nn.NewChain([]int{28, 28, 1},
		nn.NewConv2D("conv1", 1, 32, nn.Square(3)), nn.ReLU{}, nn.NewBatchNorm("norm", 32, 1e-5), nn.ReLU{}, nn.MaxPool2D{Window: nn.Square(2)},
		nn.NewConv2D("conv2", 32, 16, nn.Square(3)), nn.ReLU{}, nn.MaxPool2D{Window: nn.Square(2)},
		nn.NewConv2D("conv3", 16, 10, nn.Square(3)), nn.ReLU{},
		nn.Flatten{}, nn.NewDense("fc", 90, mlp.Classes), tied, tied, nn.Softmax{},
	)
}

// classifyCNN is mlp.Classify for the convolutional network.
func classifyCNN(ctx context.Context, model *nn.Chain, images allocarray.AllocArray[uint8]) {
	x := allocarray.Convert[float32](ctx, images)
	allocarray.MulScalarInto(x, x, 1.0/255)
	y := model.Forward(ctx, x.Reshape(x.Dim(0), 28, 28, 1))
	x.Release(ctx)
	allocarray.ArgMaxAxis(ctx, y.Move(), 1).Release(ctx)
}

// writePlanned writes the table of the planned runs, if there are any.
func (r *report) writePlanned(out *bufio.Writer) {
	if len(r.Planned) == 0 {
		return
	}
	fmt.Fprintf(out, "\nThe memory of one batch of %d images on a replay.Buffer, each array released after its last use:\n\n", r.Planned[0].Batch)
	w := newTable(out)
	fmt.Fprint(w, "model\tarrays\tsum of all\tbest fit\tlower bound\tplanned peak\t\n")
	for _, p := range r.Planned {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t\n", p.Model, p.Arrays, grouped(p.Sum), grouped(p.Fit), grouped(p.Bound), grouped(p.Peak))
	}
	w.Flush()
}

package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A batch is images and what the model makes of them.
type batch struct {
	images allocarray.AllocArray[uint8] // n×784
	want   []mlp.Prediction             // n
}

// batches cuts a set into batches of n images and classifies them on the heap. What
// is left at the end is left out; a set of fewer than n images is repeated. It returns
// fewer batches if ctx is cancelled.
func batches(ctx context.Context, model *nn.Chain, set samples, n int) []batch {
	for set.len() < n {
		set.pixels = slices.Repeat(set.pixels, 2)
		set.labels = slices.Repeat(set.labels, 2)
	}
	var all []batch
	for to := n; to <= set.len() && ctx.Err() == nil; to += n {
		b := batch{set.batch(to-n, to), make([]mlp.Prediction, n)}
		mlp.Classify(ctx, model, b.images, b.want)
		all = append(all, b)
	}
	return all
}

// A worker classifies one batch after the other. It allocates what it needs for itself
// before it begins.
type worker struct {
	model   *nn.Chain        // shared with the other workers
	batches []batch          // shared with the other workers
	next    int              // the batch to classify
	out     []mlp.Prediction // of that batch
	latency histogram        // the worker's own: merging is cheaper than sharing
}

// errDifferent means that memory was used twice, or read before it was written.
var errDifferent = errors.New("the predictions differ from those made on the heap")

// step classifies the next batch and takes the time, which includes the release of the
// memory.
func (w *worker) step(ctx context.Context, classify func(context.Context) error) error {
	begin := time.Now()
	if err := scope.NoEscape(ctx, classify); err != nil {
		return err
	}
	w.latency.add(time.Since(begin))
	if !slices.Equal(w.out, w.batches[w.next].want) {
		return errDifferent
	}
	w.next = (w.next + 1) % len(w.batches)
	return nil
}

// run works until the gate is finished. It makes both closures once, so that a step makes
// none.
func (w *worker) run(ctx context.Context, g *gate) error {
	classify := func(ctx context.Context) error {
		mlp.Classify(ctx, w.model, w.batches[w.next].images, w.out)
		return nil
	}
	return g.work(func() error { return w.step(ctx, classify) })
}

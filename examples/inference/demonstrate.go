package main

import (
	"bufio"
	"context"
	"io"
	"slices"
	"time"

	"github.com/allocarrays/allocarrays-go/examples/internal/heapmeter"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/examples/internal/progress"
	"github.com/allocarrays/allocarrays-go/nn"
)

// demonstrate evaluates the model on a set, measures it on every memory that the
// flags name, and prints both.
func (o options) demonstrate(ctx context.Context, model *nn.Chain, set samples, out *bufio.Writer, stderr io.Writer) error {
	bar := progress.New(stderr, "evaluating", set.len())
	predictions, err := evaluate(ctx, model, set, o.batch, bar)
	bar.Close()
	if err != nil {
		return err
	}
	r := o.newReport(set, predictions)
	if !o.json {
		if err := r.writeEvaluation(out, o, set, predictions); err != nil {
			return err
		}
	}
	if r.Runs, err = o.measure(ctx, model, set, stderr); err != nil {
		return err
	}
	if r.Interrupted = ctx.Err() != nil; !r.Interrupted {
		if r.Planned, err = o.plannedRuns(ctx, model, set); err != nil {
			return err
		}
	}
	if o.json {
		return r.writeJSON(out)
	}
	return r.writeRuns(out)
}

// The memories take turns, so that whatever else the machine does hits all alike: up
// to maxTurns each, none of them shorter than minTurn unless there is just one.
const (
	maxTurns = 5
	minTurn  = 100 * time.Millisecond
)

// measure returns the runs that the flags ask for, without those that ctx's
// cancellation left no time for.
func (o options) measure(ctx context.Context, model *nn.Chain, set samples, stderr io.Writer) ([]runResult, error) {
	memories := o.memories()
	all := batches(ctx, model, set, o.batch)
	if ctx.Err() != nil {
		return []runResult{}, nil
	}
	turns := max(1, min(maxTurns, int(o.duration/minTurn)))
	total := o.duration * time.Duration(len(memories))
	b := &bench{
		model: model, batches: all,
		workers: o.workers, duration: o.duration / time.Duration(turns), meter: heapmeter.New(),
		bar: progress.New(stderr, "measuring", int(total.Milliseconds())),
	}
	defer b.bar.Close()
	figures, err := b.run(ctx, memories, turns)
	if err != nil {
		return nil, err
	}
	return o.results(memories, figures), nil
}

// results returns the figures of the memories that have one.
func (o options) results(memories []memory, figures []figure) []runResult {
	runs := []runResult{} // not nil: in JSON an empty list
	for i, m := range memories {
		if figures[i].batches > 0 {
			runs = append(runs, o.newRunResult(m, &figures[i]))
		}
	}
	return runs
}

// memories returns the memories to measure.
func (o options) memories() []memory {
	if o.allocator == "" {
		return memories
	}
	i := slices.Index(memoryNames(), o.allocator)
	return memories[i : i+1]
}

// newReport returns the report before the runs.
func (o options) newReport(set samples, predictions []mlp.Prediction) *report {
	t := newTally(set.labels, predictions)
	return &report{Model: o.modelName(), Samples: len(predictions), Accuracy: t.accuracy(), tally: t}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/examples/internal/progress"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// errOverflow reports finite weights whose products overflow.
var errOverflow = errors.New("the model gives no probabilities: its weights are too large")

// evaluate classifies a set in batches and returns the predictions; fewer than there
// are images if ctx is cancelled.
func evaluate(ctx context.Context, model *nn.Chain, set samples, batch int, bar *progress.Bar) ([]mlp.Prediction, error) {
	mem := scope.WithAllocator(ctx, bumper.NewSlabBuffer())
	out := make([]mlp.Prediction, set.len())
	for from := 0; from < set.len(); from += batch {
		if ctx.Err() != nil {
			return out[:from], nil
		}
		to := min(from+batch, set.len())
		err := scope.NoEscape(mem, func(ctx context.Context) error {
			mlp.Classify(ctx, model, set.batch(from, to), out[from:to])
			return nil
		})
		if err != nil {
			return nil, err
		}
		bar.Set(to, "")
	}
	if slices.ContainsFunc(out, func(p mlp.Prediction) bool { return math.IsNaN(float64(p.Probability)) }) {
		return nil, errOverflow
	}
	return out, nil
}

// A tally counts predictions: tally[l][p] images of the digit l were taken for p.
type tally [mlp.Classes][mlp.Classes]int

func newTally(labels []byte, predictions []mlp.Prediction) (t tally) {
	for i, p := range predictions {
		t[labels[i]][p.Digit]++
	}
	return t
}

// images returns how many images of a digit there were.
func (t *tally) images(digit int) (n int) {
	for _, c := range t[digit] {
		n += c
	}
	return n
}

// totals returns how many predictions there were and how many of them were right.
func (t *tally) totals() (images, correct int) {
	for d := range t {
		images += t.images(d)
		correct += t[d][d]
	}
	return images, correct
}

// accuracy returns the share that was right; 0 of nothing.
func (t *tally) accuracy() float64 {
	images, correct := t.totals()
	return float64(correct) / float64(max(images, 1))
}

// mistake describes what a digit was wrongly taken for most often.
func (t *tally) mistake(digit int) string {
	worst := -1
	for p, n := range t[digit] {
		if p != digit && n > 0 && (worst < 0 || n > t[digit][worst]) {
			worst = p
		}
	}
	if worst < 0 {
		return "-"
	}
	return fmt.Sprintf("%d (%d times)", worst, t[digit][worst])
}

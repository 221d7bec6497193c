package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/internal/heapmeter"
	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/examples/internal/progress"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A trainer takes a model through the epochs of one training.
type trainer struct {
	o      options
	data   idx.Data
	model  *nn.Chain        // what is trained
	net    network          // its weights, as training sees them
	adam   adam             // changes the weights
	order  []int            // of the images, shuffled for every epoch
	rng    *rand.Rand       // of the first weights and the order
	pen    *augmenter       // has a generator of its own
	steps  int              // done
	losses []float64        // mean of each epoch
	heap   heapmeter.Counts // of all steps but the first, and of the bar
}

// newTrainer returns a trainer with a model of random weights.
func newTrainer(o options, data idx.Data) (*trainer, error) {
	model, err := mlp.New()
	if err != nil {
		return nil, err
	}
	t := &trainer{
		o: o, data: data, model: model,
		net:    newNetwork(model),
		adam:   newAdam(model),
		order:  make([]int, data.N),
		rng:    rand.New(rand.NewPCG(o.seed, 0)),
		pen:    newAugmenter(o.seed),
		losses: make([]float64, 0, o.epochs),
	}
	for i := range t.order {
		t.order[i] = i
	}
	t.net.init(t.rng)
	return t, nil
}

// run trains. It is here, in one line, that the program decides where all
// intermediate results live.
func (t *trainer) run(ctx context.Context, stderr io.Writer) error {
	ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer())
	bar := progress.New(stderr, "training", t.o.epochs*t.data.N)
	defer bar.Close()
	meter := heapmeter.New()
	var start heapmeter.Counts
	for epoch := range t.o.epochs {
		note := t.note(epoch)
		t.rng.Shuffle(len(t.order), func(i, j int) { t.order[i], t.order[j] = t.order[j], t.order[i] })
		var sum float64
		for from := 0; from < t.data.N; from += t.o.batch {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted in epoch %d of %d", epoch+1, t.o.epochs)
			}
			batch := t.order[from:min(from+t.o.batch, t.data.N)]
			loss, err := t.step(ctx, epoch, batch)
			if err != nil {
				return err
			}
			sum += loss * float64(len(batch))
			if t.steps == 1 {
				start = meter.Read()
			}
			bar.Set(epoch*t.data.N+from, note)
		}
		if t.losses = append(t.losses, sum/float64(t.data.N)); !(sum < math.Inf(1)) {
			return fmt.Errorf("the loss became %v in epoch %d: -lr %v is too large", sum, epoch+1, t.o.lr)
		}
	}
	t.heap = meter.Read().Sub(start)
	t.model.ParametersChanged()
	return nil
}

// note tells the bar where the training is.
func (t *trainer) note(epoch int) string {
	if epoch == 0 {
		return fmt.Sprintf("epoch 1 of %d", t.o.epochs)
	}
	return fmt.Sprintf("epoch %d of %d, loss %.4f", epoch+1, t.o.epochs, t.losses[epoch-1])
}

// step learns from the images of a batch and returns their mean loss. All arrays it
// needs are gone when it returns.
func (t *trainer) step(ctx context.Context, epoch int, batch []int) (loss float64, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := t.net.hidden.weight.Similar(ctx, len(batch), mlp.Pixels)
		for row, i := range batch {
			t.pen.draw(x.Index(0, row).Data(), t.data.Image(i), epoch, i, t.distortion(epoch))
		}
		var grads gradients
		grads, loss = t.net.backward(ctx, x, t.data.Labels, batch)
		t.steps++
		t.adam.step(ctx, grads, t.rate())
		return nil
	})
	return loss, err
}

// rate is the learning rate of the current step: half a cosine from lr to 0
// (Loshchilov and Hutter, 2017, without restarts).
func (t *trainer) rate() float32 {
	perEpoch := (t.data.N + t.o.batch - 1) / t.o.batch
	done := float64(t.steps-1) / float64(t.o.epochs*perEpoch)
	return float32(t.o.lr * (1 + math.Cos(math.Pi*done)) / 2)
}

// distortion is how strongly images are distorted, from 0 to 1: not at all in the
// last tenth of the epochs, in which the model settles on images as they are.
func (t *trainer) distortion(epoch int) float64 {
	if 10*epoch >= 9*t.o.epochs {
		return 0
	}
	return 1
}

// correct returns how many images of a set the model takes for what they are.
func (t *trainer) correct(ctx context.Context, d idx.Data) (n int) {
	const batch = 100
	out := make([]mlp.Prediction, batch)
	for from := 0; from < d.N; from += batch {
		to := min(from+batch, d.N)
		images := allocarray.Wrap(d.Images[from*mlp.Pixels:to*mlp.Pixels], to-from, mlp.Pixels)
		mlp.Classify(ctx, t.model, images, out[:to-from])
		for i, p := range out[:to-from] {
			if p.Digit == int(d.Labels[from+i]) {
				n++
			}
		}
	}
	return n
}

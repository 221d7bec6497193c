package main

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/scope"
)

func init() {
	register.DoFn4x1[context.Context, Image, func(Result), func(Timing), error](&Classify{})
	register.Emitter1[Result]()
	register.Emitter1[Timing]()
}

// A Result is what the model takes an image for.
type Result struct {
	Name        string
	Label       int // -1 if it is not known
	Digit       int
	Probability float32 // from 0 to 1
}

// A Timing is how long a micro-batch took, without reading and writing.
type Timing struct {
	Images int
	Nanos  int64
}

// Classify is the DoFn of the pipeline. A runner makes one for each goroutine that it works
// with, calls Setup once, and then for one bundle after another StartBundle, ProcessElement
// for each image, and FinishBundle. So one buffer without a lock serves it:
//
//   - The scope of a bundle, opened in StartBundle, holds the images that wait for a
//     micro-batch to be full.
//   - The scope of a micro-batch, a NoEscape within it, holds everything the model computes.
//     What is emitted is copied out before: runners keep what they get.
//
// Runners do not promise FinishBundle, which is left out if a bundle fails, nor Teardown, which
// prism and Dataflow do not call. StartBundle therefore ends the scope that a failed
// bundle left open, and the buffer needs no Teardown: it is on the Go heap, and goes with
// the DoFn.
type Classify struct {
	Model string // path of the weights, on a file system that all workers see
	Batch int    // images in a micro-batch

	model  network
	buffer *bumper.SlabBuffer

	ctx     context.Context // of the bundle's scope
	bundle  *scope.Scope    // nil between bundles
	pixels  allocarray.AllocArray[uint8]
	waiting []Image // those whose pixels are in the array; their own pixels are nil
	out     []mlp.Prediction
}

// Setup takes the model, and makes the buffer.
func (c *Classify) Setup(ctx context.Context) (err error) {
	if c.model, err = load(ctx, c.Model); err != nil {
		return err
	}
	c.buffer = bumper.NewSlabBuffer()
	c.waiting = make([]Image, 0, c.Batch)
	c.out = make([]mlp.Prediction, c.Batch)
	return nil
}

// StartBundle opens the scope of a bundle.
func (c *Classify) StartBundle(ctx context.Context, _ func(Result), _ func(Timing)) error {
	if err := c.end(); err != nil { // the bundle before this one failed
		return err
	}
	c.ctx, c.bundle = scope.Open(scope.WithAllocator(ctx, c.buffer))
	c.pixels = allocarray.New[uint8](c.ctx, c.Batch, mlp.Pixels)
	return nil
}

// ProcessElement puts an image into the micro-batch, and classifies that when it is full.
func (c *Classify) ProcessElement(_ context.Context, img Image, results func(Result), timings func(Timing)) error {
	if len(img.Pixels) != mlp.Pixels {
		return fmt.Errorf("%s: %d pixels, want %d", img.Name, len(img.Pixels), mlp.Pixels)
	}
	copy(c.pixels.Data()[len(c.waiting)*mlp.Pixels:], img.Pixels)
	img.Pixels = nil
	c.waiting = append(c.waiting, img)
	if len(c.waiting) < c.Batch {
		return nil
	}
	return c.classify(results, timings)
}

// FinishBundle classifies what is left, and ends the scope of the bundle.
func (c *Classify) FinishBundle(_ context.Context, results func(Result), timings func(Timing)) error {
	if err := c.classify(results, timings); err != nil {
		return err
	}
	return c.end()
}

// classify classifies the images that wait, in a scope of their own. It allocates nothing on
// the heap.
func (c *Classify) classify(results func(Result), timings func(Timing)) error {
	n := len(c.waiting)
	if n == 0 {
		return nil
	}
	start := time.Now()
	out := c.out[:n]
	err := scope.NoEscape(c.ctx, func(ctx context.Context) error {
		return c.model.classify(ctx, c.pixels.Slice(0, 0, n), out)
	})
	if err != nil {
		return err
	}
	timings(Timing{n, time.Since(start).Nanoseconds()})
	for i, img := range c.waiting {
		results(Result{img.Name, img.Label, out[i].Digit, out[i].Probability})
	}
	clear(c.waiting) // lets go of the names
	c.waiting = c.waiting[:0]
	return nil
}

// end ends the scope of the bundle, if one is open, and forgets the images that wait.
func (c *Classify) end() error {
	if c.bundle == nil {
		return nil
	}
	bundle := c.bundle
	c.ctx, c.bundle, c.pixels = nil, nil, allocarray.AllocArray[uint8]{}
	clear(c.waiting)
	c.waiting = c.waiting[:0]
	return bundle.End()
}

// classified applies Classify to the images.
func classified(s beam.Scope, model string, batch int, images beam.PCollection) (results, timings beam.PCollection) {
	return beam.ParDo2(s.Scope("Classify"), &Classify{Model: model, Batch: batch}, images)
}

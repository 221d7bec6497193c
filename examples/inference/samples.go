package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
	"github.com/allocarrays/allocarrays-go/examples/internal/input"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/nn"
)

var (
	//go:embed model.safetensors
	embeddedModel []byte
	//go:embed digits/digits.idx.gz
	embeddedDigits []byte
)

// maxModel is the size in bytes of the largest file of weights that is read: five times
// what the model has in float64.
const maxModel = 4 << 20

// loadModel returns the model with the weights that the flags name.
func (o options) loadModel(ctx context.Context) (*nn.Chain, error) {
	if o.model == "" {
		return mlp.Load("embedded model.safetensors", embeddedModel)
	}
	return awaited(ctx, o.model, func() (*nn.Chain, error) {
		data, err := input.Read(o.model, maxModel)
		if err != nil {
			return nil, fmt.Errorf("model: %s: %w", o.model, err)
		}
		return mlp.Load(o.model, data)
	})
}

// awaited returns what load makes of the file or folder at path, or an error that says
// that ctx was cancelled meanwhile.
func awaited[T any](ctx context.Context, path string, load func() (T, error)) (T, error) {
	v, err := input.Await(ctx, load)
	if errors.Is(err, input.ErrInterrupted) {
		err = fmt.Errorf("%w while reading %s", err, path)
	}
	return v, err
}

// modelName is what the output calls the model.
func (o options) modelName() string {
	if o.model != "" {
		return o.model
	}
	return "embedded"
}

// samples is a set of labelled images.
type samples struct {
	source string // what they are, for people
	pixels []byte // n·784, 0 paper to 255 ink
	labels []byte // n digits
}

func (s samples) len() int { return len(s.labels) }

// image returns the pixels of image i.
func (s samples) image(i int) []byte { return s.pixels[i*mlp.Pixels : (i+1)*mlp.Pixels] }

// batch returns the images from up to to as an array that shares them.
func (s samples) batch(from, to int) allocarray.AllocArray[uint8] {
	return allocarray.Wrap(s.pixels[from*mlp.Pixels:to*mlp.Pixels], to-from, mlp.Pixels)
}

// loadSamples returns the images that the flags name, at least one.
func (o options) loadSamples(ctx context.Context) (samples, error) {
	if o.data == "" {
		set, err := digits.Decode(bytes.NewReader(embeddedDigits))
		return samples{"embedded drawn digits", set.Images, set.Labels}, err
	}
	d, err := awaited(ctx, o.data, func() (idx.Data, error) { return idx.Load(o.data, idx.Test) })
	if err == nil && (d.Rows != digits.Size || d.Cols != digits.Size) {
		err = fmt.Errorf("%s: the images are %dx%d pixels, the model takes %dx%d", o.data, d.Rows, d.Cols, digits.Size, digits.Size)
	}
	return samples{"images in " + o.data, d.Images, d.Labels}, err
}

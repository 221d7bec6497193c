// Package server is a small classification service, in four variants that differ
// only in where the memory of a request comes from.
//
// A request is a number of images of 784 bytes. The answer has one digit for each:
// the images are normalised, each in four variants of its contrast, classified by the
// MLP, and the probabilities of the variants are averaged.
package server

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// maxImages is the most that a request may hold.
const maxImages = 64

// contrasts are the variants of each image.
var contrasts = [...]float32{0.8, 0.95, 1.05, 1.25}

// A Service answers requests: it reads the images, which are size bytes, from body
// and writes the digits.
type Service interface {
	Answer(ctx context.Context, body io.Reader, size int, w io.Writer) error
}

// Handler returns the HTTP handler for a service.
func Handler(s Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size := int(r.ContentLength)
		if size <= 0 || size%model.In != 0 || size/model.In > maxImages {
			http.Error(w, fmt.Sprintf("want images of %d bytes, at most %d", model.In, maxImages), http.StatusBadRequest)
			return
		}
		if err := s.Answer(r.Context(), r.Body, size, w); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}

// scoped is the service as one writes it with this module: all memory is the
// context's, and released when the request is done.
type scoped struct {
	chain  *nn.Chain
	memory func(context.Context) (ctx context.Context, release func())
}

func (s scoped) Answer(ctx context.Context, body io.Reader, size int, w io.Writer) error {
	ctx, release := s.memory(ctx)
	defer release()
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		pixels := scope.Make[byte](ctx, size)
		if _, err := io.ReadFull(body, pixels); err != nil {
			return err
		}
		_, err := w.Write(s.classify(ctx, pixels))
		return err
	})
}

// classify returns a digit for each image.
func (s scoped) classify(ctx context.Context, pixels []byte) []byte {
	n := len(pixels) / model.In
	x := normalise(ctx, allocarray.Wrap(pixels, n, model.In))
	variants := allocarray.Mul(ctx, x, allocarray.Wrap(contrasts[:], len(contrasts), 1, 1))
	y := s.chain.Forward(ctx, variants.Reshape(-1, model.In))
	mean := allocarray.MeanAxis(ctx, y.Reshape(len(contrasts), n, model.Out), 0)
	digits := scope.Make[byte](ctx, n)
	for i, d := range allocarray.ArgMaxAxis(ctx, mean, 1).Data() {
		digits[i] = '0' + byte(d)
	}
	return digits
}

// normalise returns images with mean 0 and deviation 1.
func normalise(ctx context.Context, pixels allocarray.AllocArray[byte]) nn.Tensor {
	x := allocarray.Convert[float32](ctx, pixels)
	x = allocarray.Sub(ctx, x, allocarray.MeanAxis(ctx, x, 1).ExpandDims(1))
	variance := allocarray.MeanAxis(ctx, allocarray.Square(ctx, x), 1)
	deviation := allocarray.Sqrt(ctx, allocarray.AddScalar(ctx, variance, 1))
	return allocarray.Div(ctx, x, deviation.ExpandDims(1))
}

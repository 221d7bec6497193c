package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A detector is the network for recordings of one rate.
type detector struct {
	program *onnx.Program
	chunk   int // samples that it looks at, 32 ms
	before  int // samples of the chunk before, which it sees too
}

// stateSize is how many numbers the network hands from one chunk to the next: two by one by 128.
const stateSize = 2 * 128

// newDetector compiles the model for a rate, which it takes as an input: bound, so that what
// the model computes for other rates falls away.
func newDetector(model *onnx.Model, rate int) (*detector, error) {
	p, err := model.Compile(onnx.Bind(onnx.From([]int64{int64(rate)}).Named("sr")))
	if err != nil {
		return nil, fmt.Errorf("this is not Silero VAD: %w", err)
	}
	for _, name := range []string{"output", "stateN"} {
		if !slices.ContainsFunc(p.Outputs(), func(o onnx.Port) bool { return o.Name == name }) {
			return nil, fmt.Errorf("this is not Silero VAD: it has no output %q", name)
		}
	}
	return &detector{program: p, chunk: rate / 1000 * 32, before: rate / 1000 * 4}, nil
}

// A stream is the detector at one place of one recording. Its memory is of the scope that it
// was made in.
type stream struct {
	*detector
	window []float32 // the end of the chunk before, and a chunk
	state  []float32
}

func (d *detector) newStream(ctx context.Context) *stream {
	s := &stream{d, scope.Make[float32](ctx, d.before+d.chunk), scope.Make[float32](ctx, stateSize)}
	clear(s.window)
	clear(s.state)
	return s
}

// chunk returns where the samples of the next chunk go.
func (s *stream) chunk() []float32 { return s.window[s.before:] }

// next returns the probability that the chunk is speech. It allocates nothing on the heap.
func (s *stream) next(ctx context.Context) (speech float32, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		out, err := s.program.Run(ctx,
			onnx.From(s.window, 1, len(s.window)).Named("input"),
			onnx.From(s.state, 2, 1, stateSize/2).Named("state"))
		if err != nil {
			return err
		}
		speech = onnx.Data[float32](out.Get("output"))[0]
		copy(s.state, onnx.Data[float32](out.Get("stateN"))) // out of this scope, into the one around
		return nil
	})
	copy(s.window, s.window[s.detector.chunk:])
	return speech, err
}

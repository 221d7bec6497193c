package main

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/onnx"
)

// A network reads digits: images are n×784 bytes, 0 paper to 255 ink, out has n elements. All
// memory comes from ctx, and any number of goroutines may use a network.
type network interface {
	classify(ctx context.Context, images allocarray.AllocArray[uint8], out []mlp.Prediction) error
}

// models are those that this process has read. A runner makes a Classify for each of its
// goroutines, and a model serves all of them.
var models struct {
	sync.Mutex
	byPath map[string]network
}

// load returns the model at a path on any file system that Beam knows: weights in a safetensors file
// for the network of the examples, or a network of any kind in a file whose name ends in .onnx.
func load(ctx context.Context, name string) (network, error) {
	models.Lock()
	defer models.Unlock()
	if m, ok := models.byPath[name]; ok {
		return m, nil
	}
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	defer fs.Close()
	file, err := filesystem.Read(ctx, fs, name)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	var m network
	if path.Ext(name) == ".onnx" {
		m, err = newGraph(file)
	} else {
		m, err = newLayers(name, file)
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	if models.byPath == nil {
		models.byPath = make(map[string]network)
	}
	models.byPath[name] = m
	return m, nil
}

// layers are the network of the examples.
type layers struct{ chain *nn.Chain }

func newLayers(name string, file []byte) (network, error) {
	chain, err := mlp.Load(name, file)
	return layers{chain}, err
}

func (l layers) classify(ctx context.Context, images allocarray.AllocArray[uint8], out []mlp.Prediction) error {
	mlp.Classify(ctx, l.chain, images, out)
	return nil
}

// A graph is a network in an ONNX file. Its first input is n×784, n×28×28 or n×1×28×28 numbers from 0 to 1,
// its first output n×10 scores, of which the largest wins.
type graph struct {
	program *onnx.Program
	shape   []int // of the input; the first length is replaced by that of the batch
}

func newGraph(file []byte) (network, error) {
	m, err := onnx.Load(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	p, err := m.Compile()
	if err != nil {
		return nil, err
	}
	in := p.Inputs()
	if len(in) != 1 || in[0].Type != onnx.Float32 || len(in[0].Shape) < 2 || len(p.Outputs()) == 0 {
		return nil, fmt.Errorf("inputs %v: want one of n×784, n×28×28 or n×1×28×28 float numbers", in)
	}
	g := &graph{program: p, shape: make([]int, len(in[0].Shape))}
	pixels := 1
	for i, d := range in[0].Shape[1:] {
		g.shape[i+1] = d.Size
		pixels *= d.Size
	}
	if pixels != mlp.Pixels || in[0].Shape[0].Size > 0 {
		return nil, fmt.Errorf("input %v: want n×784, n×28×28 or n×1×28×28", in[0])
	}
	return g, nil
}

func (g *graph) classify(ctx context.Context, images allocarray.AllocArray[uint8], out []mlp.Prediction) error {
	x := allocarray.Convert[float32](ctx, images)
	allocarray.MulScalarInto(x, x, 1.0/255)
	var room [onnx.MaxRank]int
	shape := room[:copy(room[:], g.shape)]
	shape[0] = len(out)
	run, err := g.program.Run(ctx, onnx.FromArray(x.Reshape(shape...)))
	if err != nil {
		return err
	}
	scores := run.At(0)
	if scores.Type() != onnx.Float32 || scores.Len() != digitCount*len(out) {
		return fmt.Errorf("the network makes %v of %d images, want %d float scores of each", scores, len(out), digitCount)
	}
	y := onnx.Array[float32](scores).Reshape(len(out), digitCount)
	if !probabilities(y.Data()[:digitCount]) {
		allocarray.SoftmaxInto(y, y)
	}
	best := allocarray.ArgMaxAxis(ctx, y, 1)
	for i := range out {
		out[i] = mlp.Prediction{Digit: best.At(i), Probability: y.At(i, best.At(i))}
	}
	return nil
}

// digitCount is how many digits there are.
const digitCount = 10

// probabilities reports whether scores are probabilities already.
func probabilities(scores []float32) bool {
	sum := float32(0)
	for _, v := range scores {
		if !(v >= 0) {
			return false
		}
		sum += v
	}
	return sum > 0.999 && sum < 1.001
}

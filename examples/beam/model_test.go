package main

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// field and varint append a field to a message of protocol buffers.
func field(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func varint(b []byte, num protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
}

// port encodes a tensor of floats of n times the lengths.
func port(name string, lengths ...int) []byte {
	shape := field(nil, 1, field(nil, 2, []byte("n")))
	for _, n := range lengths {
		shape = field(shape, 1, varint(nil, 1, n))
	}
	return field(field(nil, 1, []byte(name)), 2, field(nil, 1, field(varint(nil, 1, 1), 2, shape)))
}

// node encodes a node of one output, with attributes.
func node(op, out string, in []string, attributes ...[]byte) (b []byte) {
	for _, name := range in {
		b = field(b, 1, []byte(name))
	}
	b = field(field(b, 2, []byte(out)), 4, []byte(op))
	for _, a := range attributes {
		b = field(b, 5, a)
	}
	return b
}

// product encodes an ONNX file: y is x times w, which has pixels rows of 10, and what more nodes make of it.
func product(pixels int, w []float32, more ...[]byte) []byte {
	var raw []byte
	for _, v := range w {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	weights := field(field(varint(varint(varint(nil, 1, pixels), 1, 10), 2, 1), 8, []byte("w")), 9, raw)
	out := "product"
	if len(more) == 0 {
		out = "y"
	}
	g := field(nil, 1, node("MatMul", out, []string{"x", "w"}))
	for _, n := range more {
		g = field(g, 1, n)
	}
	g = field(field(g, 2, []byte("test")), 5, weights)
	g = field(field(g, 11, port("x", pixels)), 12, port("y", 10))
	return field(field(varint(nil, 1, 8), 8, varint(nil, 2, 17)), 7, g)
}

// TestONNX: a network in an ONNX file says what its formula says, and takes nothing from the heap.
func TestONNX(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	w := make([]float32, mlp.Pixels*10)
	for i := range w {
		w[i] = float32(rng.NormFloat64() / 8)
	}
	path := filepath.Join(t.TempDir(), "net.onnx")
	write(t, path, product(mlp.Pixels, w))
	c := &Classify{Model: path, Batch: 8}
	require.NoError(t, c.Setup(t.Context()))

	set := digits.Generate(20, 8)
	var got []Result
	results, timings := func(r Result) { got = append(got, r) }, func(Timing) {}
	require.NoError(t, c.StartBundle(t.Context(), results, timings))
	for i := range set.Len() {
		require.NoError(t, c.ProcessElement(t.Context(), numbered(set, i), results, timings))
	}
	require.NoError(t, c.FinishBundle(t.Context(), results, timings))
	require.Len(t, got, set.Len())
	for i, r := range got {
		var score [10]float64
		for j, v := range set.Image(i) {
			for k := range score {
				score[k] += float64(v) / 255 * float64(w[10*j+k])
			}
		}
		best, sum := 0, 0.0
		for k, v := range score {
			if v > score[best] {
				best = k
			}
			sum += math.Exp(v)
		}
		require.Equal(t, strconv.Itoa(i), r.Name)
		require.Equal(t, best, r.Digit)
		require.InDelta(t, math.Exp(score[best])/sum, r.Probability, 1e-4)
	}

	ctx, images, out := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()), allocarray.Wrap(set.Images, 20, mlp.Pixels), make([]mlp.Prediction, 20)
	classify := func() {
		if err := scope.NoEscape(ctx, func(ctx context.Context) error { return c.model.classify(ctx, images, out) }); err != nil {
			panic(err)
		}
	}
	classify()
	require.Zero(t, testing.AllocsPerRun(20, classify))
}

func TestONNXErrors(t *testing.T) {
	dir := t.TempDir()
	for name, file := range map[string][]byte{"small": product(3, make([]float32, 30)), "broken": []byte("no model")} {
		path := filepath.Join(dir, name+".onnx")
		write(t, path, file)
		require.ErrorContains(t, (&Classify{Model: path, Batch: 1}).Setup(t.Context()), path)
	}

	// a network whose output is no score, as those that give the label first
	to := varint(varint(field(nil, 1, []byte("to")), 3, int(onnx.Int64)), 20, 2)
	path := filepath.Join(dir, "labels.onnx")
	write(t, path, product(mlp.Pixels, make([]float32, mlp.Pixels*10), node("Cast", "y", []string{"product"}, to)))
	c := worker(t, 1)
	c.Model = path
	require.NoError(t, c.Setup(t.Context()))
	require.NoError(t, c.StartBundle(t.Context(), nil, nil))
	err := c.ProcessElement(t.Context(), numbered(digits.Generate(1, 9), 0), nil, nil)
	require.ErrorContains(t, err, "int64[1,10] of 1 images, want 10 float scores")
}

package nn_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// plus is a layer that adds 1, and may say that it keeps nothing.
type plus struct{ forgets bool }

func (p plus) Forward(ctx context.Context, x nn.Tensor) nn.Tensor {
	return allocarray.Add(ctx, x, allocarray.Wrap([]float32{1}))
}

func (p plus) Forgets() bool { return p.forgets }

func (plus) OutputShape(sample []int) ([]int, error) { return sample, nil }

// memo is a layer that keeps what it got and what it returned.
type memo struct{ in, out *nn.Tensor }

func (m memo) Forward(ctx context.Context, x nn.Tensor) nn.Tensor {
	*m.in, *m.out = x, allocarray.Add(ctx, x, x)
	return *m.out
}

// embedding is a type that has a layer of the package in it, and keeps its input.
type embedding struct {
	nn.Tanh
	in *nn.Tensor
}

func (e embedding) Forward(ctx context.Context, x nn.Tensor) nn.Tensor {
	*e.in = x
	return e.Tanh.Forward(ctx, x)
}

// slicing is a layer whose output is a part of what it allocates.
type slicing struct{}

func (slicing) Forward(ctx context.Context, x nn.Tensor) nn.Tensor {
	return allocarray.Concat(ctx, 0, x, x).Slice(0, 0, x.Dim(0))
}
func (slicing) Forgets() bool { return true }

// TestChainReleases: a chain holds what its layers need, to the byte, and gives the same bits.
func TestChainReleases(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	const batch, unit = 16, 16 * 16 * 4 // bytes of one tensor of 16×16
	var in, out nn.Tensor
	dense := func() nn.Layer { return randomDense("d", 16, 16) }
	for name, c := range map[string]struct {
		layers     []nn.Layer
		peak, live int // beside the input
	}{
		"last use":                        {[]nn.Layer{nn.Softmax{}, nn.Softmax{}, nn.Softmax{}, nn.Softmax{}}, 2 * unit, unit},
		"in place":                        {[]nn.Layer{nn.Softmax{}, nn.Tanh{}, nn.ReLU{}, nn.SiLU{}, nn.ELU{Alpha: 1}}, unit, unit},
		"in place: norms":                 {[]nn.Layer{nn.Softmax{}, randomNorm("n", 16), nn.NewLayerNorm("l", 16, 1e-5), randomNorm("m", 16), nn.ReLU{}}, unit, unit},
		"in place, not: the input of BN":  {[]nn.Layer{randomNorm("n", 16), nn.ReLU{}, nn.Softmax{}}, 2 * unit, unit},
		"in place, not: the input of LN":  {[]nn.Layer{nn.Flatten{}, nn.NewLayerNorm("l", 16, 1e-5), nn.Tanh{}}, unit, unit},
		"in place, not: what is kept":     {[]nn.Layer{nn.Softmax{}, memo{&in, &out}, randomNorm("n", 16), nn.NewLayerNorm("l", 16, 1e-5)}, 3 * unit, 3 * unit},
		"in place, not: the input":        {[]nn.Layer{nn.Tanh{}, nn.Softmax{}}, 2 * unit, unit},
		"in place, not: the input's view": {[]nn.Layer{nn.Flatten{}, nn.Dropout{}, nn.GELU{}}, unit, unit},
		"view":                            {[]nn.Layer{nn.Softmax{}, nn.Flatten{}, nn.Softmax{}, nn.Softmax{}}, 2 * unit, unit},
		"view, in place":                  {[]nn.Layer{nn.Softmax{}, nn.Flatten{}, nn.HardSwish{}}, unit, unit},
		"view, not: it is the output":     {[]nn.Layer{nn.Softmax{}, nn.Softmax{}, nn.Flatten{}}, 2 * unit, unit},
		"view, not: of a part":            {[]nn.Layer{slicing{}, nn.Softmax{}, nn.Softmax{}}, 4 * unit, 3 * unit},
		"declared":                        {[]nn.Layer{plus{true}, plus{true}, plus{true}, nn.Sigmoid{}}, 2 * unit, unit},
		"declared, not":                   {[]nn.Layer{plus{false}, plus{false}, plus{false}, nn.Sigmoid{}}, 4 * unit, 4 * unit},
		"kept":                            {[]nn.Layer{nn.Softmax{}, memo{&in, &out}, nn.Sigmoid{}, nn.Softmax{}}, 4 * unit, 3 * unit},
		"kept by what embeds a layer":     {[]nn.Layer{nn.Softmax{}, embedding{in: &in}, nn.Sigmoid{}}, 3 * unit, 3 * unit},
		"residual":                        {[]nn.Layer{nn.Softmax{}, nn.NewResidual(nn.Softmax{}, nn.Tanh{})}, 3 * unit, unit},
		"sum in place":                    {[]nn.Layer{nn.NewSum(nn.Softmax{}, nn.Softmax{}, nn.Tanh{})}, 2 * unit, unit},
		"sum, not: a branch keeps":        {[]nn.Layer{nn.NewSum(plus{false}, nn.Softmax{})}, 3 * unit, 2 * unit},
		"concat":                          {[]nn.Layer{nn.NewConcat(-1, nn.Softmax{}, nn.Identity{}, nn.Tanh{})}, 5 * unit, 3 * unit},
		"sequence":                        {[]nn.Layer{nn.NewSequence(nn.Softmax{}, nn.Softmax{}), nn.NewSequence(nn.Tanh{})}, 2 * unit, unit},
		"scratch":                         {[]nn.Layer{dense(), nn.ReLU{}, dense(), nn.Tanh{}}, 2 * unit, unit},
	} {
		t.Run(name, func(t *testing.T) {
			chain, err := nn.NewChain([]int{16}, rename(c.layers)...)
			require.NoError(t, err)
			x := randomTensor(1, batch, 16)
			want := oneByOne(chain.Layers(), x)

			f := trial.NewFreeList()
			ctx := scope.WithAllocator(t.Context(), f)
			input := x.Clone(ctx)
			f.Peak = f.Live
			before := f.Live
			y := chain.Forward(ctx, input)
			require.Equal(t, []int{c.peak, c.live}, []int{f.Peak - before, f.Live - before}, "bytes at most and in the end")
			require.Equal(t, want.Data(), y.Data())
			require.Equal(t, x.Data(), input.Data(), "the input is as it was")

			if strings.Contains(name, "kept") {
				require.Equal(t, oneByOne(chain.Layers()[:1], x).Data(), in.Data())
			}
			if name == "kept" || name == "in place, not: what is kept" {
				require.Equal(t, oneByOne(chain.Layers()[:2], x).Data(), out.Data())
			}
		})
	}
}

// rename gives each Dense its own name.
func rename(layers []nn.Layer) []nn.Layer {
	n := 0
	for i, l := range layers {
		if _, ok := l.(*nn.Dense); ok {
			layers[i] = randomDense(string(rune('a'+n)), 16, 16)
			n++
		}
	}
	return layers
}

// TestChainOnAnyAllocator: the bits are the same where nothing is released, and where it is.
func TestChainOnAnyAllocator(t *testing.T) {
	layers := []nn.Layer{nn.Softmax{}, nn.Tanh{}, nn.NewResidual(nn.GELU{}, plus{true}), nn.Flatten{}, nn.NewConcat(-1, nn.ReLU6{}, nn.HardSigmoid{}), nn.Softplus{}, nn.LeakyReLU{Slope: 0.5}}
	chain, err := nn.NewChain([]int{16}, layers...)
	require.NoError(t, err)
	x := randomTensor(2, 5, 16)
	want := oneByOne(layers, x).Heap()
	for name, a := range map[string]scope.Allocator{"heap": scope.Heap(), "slab": bumper.NewSlabBuffer(), "free list": trial.NewFreeList()} {
		err := scope.NoEscape(scope.WithAllocator(t.Context(), a), func(ctx context.Context) error {
			require.Equal(t, want.Data(), chain.Forward(ctx, x).Data(), name)
			require.Equal(t, want.Data(), chain.Forward(ctx, x.Clone(ctx)).Data(), name)
			return nil
		})
		require.NoError(t, err)
	}
}

// TestChainReleasesOutputs: whatever layer returns new memory, the chain around it releases that when
// the next layer has read it.
func TestChainReleasesOutputs(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	live := func(x nn.Tensor, layers ...nn.Layer) (bytes int, fresh bool) {
		f := trial.NewFreeList()
		ctx := scope.WithAllocator(t.Context(), f)
		x = x.Clone(ctx)
		before := f.Live
		y := nn.NewSequence(layers...).Forward(ctx, x)
		return f.Live - before, x.Stamp() != y.Stamp()
	}
	for name, c := range allocCases(t) {
		for _, layers := range [][]nn.Layer{{c.layer}, {c.layer, nn.ReLU{}}} {
			want, fresh := live(c.whole, layers...)
			if !fresh || name == "LSTMState" || name == "Lookup" {
				continue // a view, or not a layer
			}
			got, _ := live(c.whole, append(layers, nn.Softmax{})...)
			require.Equal(t, want, got, "%s, %d layers: bytes at the end, with another output in place of the layers'", name, len(layers))
		}
	}
}

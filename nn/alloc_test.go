package nn_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// allocCase is a layer and inputs for it.
type allocCase struct {
	layer       nn.Layer
	whole, view nn.Tensor
}

// allocCases is every layer: those of rows for batches of 12 numbers, those of
// images for batches of 9×8×5.
func allocCases(t testing.TB) map[string]allocCase {
	rows, err := nn.NewChain([]int{12}, randomDense("a", 12, 20), nn.ReLU{}, randomDense("b", 20, 3), nn.Softmax{})
	require.NoError(t, err)
	images, err := nn.NewChain([]int{9, 8, 5},
		randomConv("a", 5, 20, nn.Square(3)), randomNorm("n", 20), nn.ReLU{},
		nn.MaxPool2D{Window: nn.Square(2)}, randomConv("b", 20, 3, nn.Square(3).Padded(1)), nn.ReLU{},
		randomNorm("m", 3), nn.ReLU{}, nn.ToNCHW{}, nn.Flatten{})
	require.NoError(t, err)
	x, y := randomTensor(1, 8, 12), randomTensor(1, 8, 9, 8, 5)
	cases := map[string]allocCase{}
	add := func(name string, l nn.Layer, x nn.Tensor) {
		cases[name] = allocCase{l, x, x.SliceStep(0, 0, 8, 2)}
	}
	for name, l := range map[string]nn.Layer{
		"Dense": randomDense("fc", 12, 7), "ReLU": nn.ReLU{}, "Tanh": nn.Tanh{}, "Sigmoid": nn.Sigmoid{},
		"GELU": nn.GELU{}, "GELUTanh": nn.GELU{Approximate: true}, "Softmax": nn.Softmax{},
		"LogSoftmax": nn.LogSoftmax{}, "LayerNorm": nn.NewLayerNorm("n", 12, 1e-5), "QuantizedDense": nn.QuantizeDense(randomDense("q", 12, 7)), "Flatten": nn.Flatten{}, "Dropout": nn.Dropout{}, "Chain": rows,
	} {
		add(name, l, x)
	}
	for name, l := range map[string]nn.Layer{
		"Conv2D": randomConv("c", 5, 7, nn.Square(3)), "Conv2DPadded": randomConv("c", 5, 7, nn.Square(3).Padded(1)),
		"Conv2DDilated": randomConv("c", 5, 7, nn.Square(2).Dilated(2)), "Conv2DPointwise": randomConv("c", 5, 7, nn.Square(1)),
		"MaxPool2D": nn.MaxPool2D{Window: nn.Square(3).Padded(1)}, "AvgPool2D": nn.AvgPool2D{Window: nn.Square(3)},
		"AvgPool2DExcluding": nn.AvgPool2D{Window: nn.Square(3).Padded(1), ExcludePadding: true},
		"BatchNorm":          randomNorm("n", 5), "ToNCHW": nn.ToNCHW{}, "ToNHWC": nn.ToNHWC{}, "ImageChain": images,
	} {
		add(name, l, y)
	}
	add("Conv2DGrouped", nn.NewGroupedConv2D("c", 6, 4, 2, nn.Square(3).Padded(1)), randomTensor(1, 8, 5, 6, 6))
	add("Conv2DDepthwise", nn.NewGroupedConv2D("c", 6, 6, 6, nn.Square(3).Padded(1)), randomTensor(1, 8, 5, 6, 6))
	add("Conv1D", nn.NewConv1D("c", 6, 4, nn.Span{Size: 3, Padding: 1}), randomTensor(1, 8, 5, 6))
	add("ConvTranspose2D", nn.NewConvTranspose2D("c", 6, 4, nn.Square(3).Strided(2)), randomTensor(1, 8, 5, 6, 6))
	for name, l := range map[string]nn.Layer{
		"DenseWithoutBias": nn.NewDenseWithoutBias("fc", 12, 7), "LeakyReLU": nn.LeakyReLU{Slope: 0.1}, "SiLU": nn.SiLU{},
		"ELU": nn.ELU{Alpha: 1}, "Softplus": nn.Softplus{}, "HardSwish": nn.HardSwish{}, "HardSigmoid": nn.HardSigmoid{}, "ReLU6": nn.ReLU6{},
		"Identity": nn.Identity{}, "Residual": nn.NewResidual(randomDense("r", 12, 12), nn.ReLU{}), "Sequence": nn.NewSequence(nn.ReLU{}, nn.Tanh{}),
		"Sum": nn.NewSum(nn.Identity{}, nn.ReLU{}, nn.Tanh{}), "Product": nn.NewProduct(nn.Identity{}, nn.ReLU{}, nn.Tanh{}),
		"Concat": nn.NewConcat(-1, nn.Identity{}, nn.ReLU{}, nn.Tanh{}),
	} {
		add(name, l, x)
	}
	sequences := randomTensor(1, 8, 5, 6)
	add("LSTM", nn.NewLSTM("l", 6, 9, nn.Recurrence{Layers: 2, Bidirectional: true}), sequences)
	add("LSTMState", stateful{nn.NewLSTM("l", 6, 9, nn.Recurrence{})}, sequences)
	add("GRU", nn.NewGRU("g", 6, 9, nn.Recurrence{Layers: 2, Bidirectional: true}), sequences)
	add("GRUResetFirst", nn.NewGRU("g", 6, 9, nn.Recurrence{ResetFirst: true}), sequences)
	add("LastStep", nn.LastStep{}, sequences)
	add("Embedding", nn.NewEmbedding("e", 3, 9), allocarray.New[float32](bg, 8, 5))
	add("Lookup", lookup{nn.NewEmbedding("e", 3, 9)}, allocarray.New[float32](bg, 8, 5))
	add("Conv1DGrouped", nn.NewGroupedConv1DWithoutBias("c", 6, 4, 2, nn.Span{Size: 3, Padding: 1}), sequences)
	add("ConvTranspose2DGrouped", nn.NewGroupedConvTranspose2DWithoutBias("c", 6, 4, 2, nn.Square(3).Strided(2)).OutputPadded(1), randomTensor(1, 8, 5, 6, 6))
	add("QuantizedConv2D", nn.QuantizeConv2D(randomConv("c", 5, 7, nn.Square(3).Padded(1))), y)
	add("QuantizedConv2DStatic", nn.QuantizeConv2D(randomConv("c", 5, 7, nn.Square(3))).Static(0.02, 100), y)
	add("Conv2DWinograd", randomConv("c", 32, 32, nn.Square(3).Padded(1)), randomTensor(1, 8, 5, 6, 32))
	return cases
}

// stateful carries a state through two halves of a sequence of other lengths.
type stateful struct{ *nn.LSTM }

var halves = []int{0, 1, 2, 2, 2, 1, 0, 2}

func (l stateful) Forward(ctx context.Context, x nn.Tensor) nn.Tensor {
	_, s := l.ForwardState(ctx, x.Slice(1, 0, 2), halves[:x.Dim(0)], nn.LSTMState{})
	y, _ := l.ForwardState(ctx, x.Slice(1, 2, 4), nil, s)
	return y
}

// lookup looks integers up.
type lookup struct{ e *nn.Embedding }

func (l lookup) Forward(ctx context.Context, x nn.Tensor) nn.Tensor {
	y, err := nn.Lookup(ctx, l.e, allocarray.Convert[int32](ctx, x).Transpose())
	if err != nil {
		panic(err)
	}
	return y
}

// TestForwardAllocatesNothing is the product's promise: on a bump buffer, and in a
// worker's region of a shared one, no layer touches the Go heap.
func TestForwardAllocatesNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	bump := scope.WithAllocator(bg, bumper.NewSlabBuffer())
	shared := locked.WithLockedBumper(bg, bumper.NewSlabBuffer())
	for name, c := range allocCases(t) {
		for shape, in := range map[string]nn.Tensor{"whole": c.whole, "view": c.view} {
			forward := func(ctx context.Context) error {
				c.layer.Forward(ctx, in)
				return nil
			}
			t.Run(name+"/"+shape, func(t *testing.T) {
				require.Zero(t, testing.AllocsPerRun(50, func() { _ = scope.NoEscape(bump, forward) }))
				err := scope.NoEscape(shared, func(ctx context.Context) error {
					require.Zero(t, testing.AllocsPerRun(50, func() { _ = scope.NoEscape(ctx, forward) }))
					return nil
				})
				require.NoError(t, err)
			})
		}
	}
}

// TestEveryFailedAllocationIsAnError fails each allocation of each layer in turn.
func TestEveryFailedAllocationIsAnError(t *testing.T) {
	for name, c := range allocCases(t) {
		t.Run(name, func(t *testing.T) {
			count := &failing{at: -1}
			run := func(a scope.Allocator) error {
				return scope.NoEscape(scope.WithAllocator(bg, a), func(ctx context.Context) error {
					c.layer.Forward(ctx, c.view)
					return nil
				})
			}
			require.NoError(t, run(count))
			for at := range count.n {
				require.ErrorIs(t, run(&failing{at: at}), scope.ErrExhausted, "allocation %d failed", at)
			}
		})
	}
}

// failing is the heap, but for the allocation with the number at.
type failing struct{ n, at int }

func (f *failing) Alloc(size, align uintptr) (memory.Block, error) {
	f.n++
	if f.n-1 == f.at {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "failing", Requested: size}
	}
	return scope.Heap().Alloc(size, align)
}

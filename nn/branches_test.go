package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

func sequenceOf(layers ...nn.Layer) nn.Layer { return nn.NewSequence(layers...) }

func TestResidual(t *testing.T) {
	a, b := randomDense("a", 6, 8), randomDense("b", 8, 6)
	r := nn.NewResidual(a, nn.ReLU{}, b)
	x := randomTensor(3, 5, 6)
	want := allocarray.Add(bg, x, b.Forward(bg, nn.ReLU{}.Forward(bg, a.Forward(bg, x))))
	require.Equal(t, want.Data(), r.Forward(bg, x).Data())
	require.Len(t, r.Parameters(), 4)
	require.Len(t, r.Layers(), 3)
	require.Equal(t, "Residual of 3 layers", r.String())
	require.Equal(t, "Residual of 1 layer", nn.NewResidual(nn.ReLU{}).String())

	c, err := nn.NewChain([]int{6}, r, nn.ReLU{})
	require.NoError(t, err)
	require.Equal(t, allocarray.ReLU(bg, want).Data(), c.Forward(bg, x).Data())
	_, err = nn.NewChain([]int{6}, nn.NewResidual(a))
	require.EqualError(t, err, `nn: layer 0, Residual of 1 layer: branch 1, Sequence of 1 layer: returns samples of 8, those before it 6`)
	_, err = nn.NewChain([]int{7}, r)
	require.EqualError(t, err, `nn: layer 0, Residual of 3 layers: branch 1, Sequence of 3 layers: layer 0, Dense "a" 6→8: takes samples of …×6, not 7`)
}

// TestResidualFollowsChangedParameters: also what is computed together in a branch.
func TestResidualFollowsChangedParameters(t *testing.T) {
	conv, norm := randomConv("c", 3, 3, nn.Square(3).Padded(1)), randomNorm("n", 3)
	c, err := nn.NewChain([]int{5, 5, 3}, nn.NewResidual(conv, norm, nn.ReLU{}))
	require.NoError(t, err)
	x := randomTensor(3, 2, 5, 5, 3)
	for range 2 {
		want := allocarray.Add(bg, x, oneByOne([]nn.Layer{conv, norm, nn.ReLU{}}, x))
		require.InDeltaSlice(t, want.Data(), c.Forward(bg, x).Data(), 1e-3)
		for _, p := range c.Parameters() {
			allocarray.MulScalarInto(p.Value, p.Value, 2)
		}
		c.ParametersChanged()
	}
}

func TestSumAndProduct(t *testing.T) {
	a, b := randomDense("a", 6, 4), randomDense("b", 6, 4)
	one := randomDense("c", 6, 1)
	x := randomTensor(3, 5, 6)
	ya, yb, yc := a.Forward(bg, x), b.Forward(bg, x), one.Forward(bg, x)
	for _, c := range []struct {
		branches  []nn.Layer
		sum, prod nn.Tensor
	}{
		{[]nn.Layer{a}, ya, ya},
		{[]nn.Layer{a, b}, allocarray.Add(bg, ya, yb), allocarray.Mul(bg, ya, yb)},
		{[]nn.Layer{a, b, a, one}, allocarray.Add(bg, allocarray.Add(bg, allocarray.Add(bg, ya, yb), ya), yc),
			allocarray.Mul(bg, allocarray.Mul(bg, allocarray.Mul(bg, ya, yb), ya), yc)},
		{[]nn.Layer{one, one, a}, allocarray.Add(bg, allocarray.Add(bg, yc, yc), ya), allocarray.Mul(bg, allocarray.Mul(bg, yc, yc), ya)},
	} {
		sum, product := nn.NewSum(c.branches...), nn.NewProduct(c.branches...)
		require.Equal(t, c.sum.Data(), sum.Forward(bg, x).Data())
		require.Equal(t, c.prod.Data(), product.Forward(bg, x).Data())
		for _, l := range []nn.Shaper{sum, product} {
			shape, err := l.OutputShape([]int{6})
			require.NoError(t, err)
			require.Equal(t, []int{4}, shape)
		}
	}
	require.Equal(t, "Sum of 2 branches", nn.NewSum(a, b).String())
	require.Equal(t, "Product of 1 branch", nn.NewProduct(a).String())
	require.Len(t, nn.NewSum(a, b, a).Parameters(), 4, "a stands in two branches")
}

// TestGate is a block of Hu et al., "Squeeze-and-Excitation Networks", 2017.
func TestGate(t *testing.T) {
	gate := sequenceOf(nn.AvgPool2D{Window: nn.Window{Size: [2]int{4, 5}}}, randomConv("fc", 3, 3, nn.Square(1)), nn.Sigmoid{})
	c, err := nn.NewChain([]int{4, 5, 3}, nn.NewProduct(nn.Identity{}, gate))
	require.NoError(t, err)
	x := randomTensor(3, 2, 4, 5, 3)
	want := allocarray.Mul(bg, x, gate.Forward(bg, x))
	require.Equal(t, want.Data(), c.Forward(bg, x).Data())
	require.Equal(t, []int{2, 1, 1, 3}, gate.Forward(bg, x).Shape())
}

func TestConcat(t *testing.T) {
	a, b := randomConv("a", 3, 4, nn.Square(3).Padded(1)), randomConv("b", 3, 2, nn.Square(1))
	x := randomTensor(3, 2, 5, 6, 3)
	for _, axis := range []int{3, -1} {
		l := nn.NewConcat(axis, a, nn.Identity{}, b)
		want := allocarray.Concat(bg, 3, a.Forward(bg, x), x, b.Forward(bg, x))
		require.Equal(t, want.Data(), l.Forward(bg, x).Data())
		shape, err := l.OutputShape([]int{5, 6, 3})
		require.NoError(t, err)
		require.Equal(t, []int{5, 6, 9}, shape)
	}
	require.Equal(t, []int{2, 10, 6, 3}, nn.NewConcat(1, nn.Identity{}, nn.Identity{}).Forward(bg, x).Shape())
	require.Equal(t, x.Data(), nn.NewConcat(1, nn.Identity{}).Forward(bg, x).Data())
	require.Equal(t, "Concat of 2 branches along axis -1", nn.NewConcat(-1, a, b).String())

	many := make([]nn.Layer, 40) // more than are joined at once
	var outputs []nn.Tensor
	for i := range many {
		many[i] = nn.LeakyReLU{Slope: float32(i)}
		outputs = append(outputs, many[i].Forward(bg, x))
	}
	require.Equal(t, allocarray.Concat(bg, 3, outputs...).Data(), nn.NewConcat(3, many...).Forward(bg, x).Data())
}

func TestBranchesRefuse(t *testing.T) {
	a, b := randomDense("a", 6, 4), randomDense("b", 6, 3)
	for _, c := range []struct {
		layer nn.Layer
		want  string
	}{
		{nn.NewSum(a, b), `nn: layer 0, Sum of 2 branches: branch 1, Dense "b" 6→3: returns samples of 3, those before it 4`},
		{nn.NewSum(nn.Identity{}, randomDense("c", 5, 4)), `nn: layer 0, Sum of 2 branches: branch 1, Dense "c" 5→4: takes samples of …×5, not 6`},
		{nn.NewSum(nn.Identity{}, opaque{}), `nn: layer 0, Sum of 2 branches: does not know the shape of its output`},
		{nn.NewConcat(2, a, b), `nn: layer 0, Concat of 2 branches along axis 2: a branch returns samples of 4`},
		{nn.NewConcat(-2, a, b), `nn: layer 0, Concat of 2 branches along axis -2: a branch returns samples of 4`},
		{nn.NewSequence(a, a), `nn: layer 0, Sequence of 2 layers: layer 1, Dense "a" 6→4: takes samples of …×6, not 4`},
		{nn.NewSequence(opaque{}), `nn: layer 0, Sequence of 1 layer: does not know the shape of its output`},
	} {
		_, err := nn.NewChain([]int{6}, c.layer)
		require.EqualError(t, err, c.want)
	}
	_, err := nn.NewChain([]int{2, 6}, nn.NewConcat(1, a, b))
	require.EqualError(t, err, `nn: layer 0, Concat of 2 branches along axis 1: branch 1, Dense "b" 6→3: returns samples of 2×3, those before it 2×4`)
	_, err = nn.NewChain([]int{2, 6}, nn.NewConcat(1, nn.Identity{}, nn.Flatten{}))
	require.EqualError(t, err, `nn: layer 0, Concat of 2 branches along axis 1: branch 1, nn.Flatten: returns samples of 12, those before it 2×6`)
	_, err = nn.NewChain([]int{2, 6}, nn.NewSum(nn.Identity{}, nn.Flatten{}))
	require.Error(t, err)

	x := randomTensor(1, 12, 2, 6)
	require.PanicsWithValue(t, `nn: branch 1, nn.Flatten: returns shape 12×12, those before it 12×2×6`,
		func() { nn.NewSum(nn.Identity{}, nn.Flatten{}).Forward(bg, x) })
	require.PanicsWithValue(t, `nn: Concat of 2 branches along axis 3: a branch returns shape 12×2×6`,
		func() { nn.NewConcat(3, nn.Identity{}, nn.Identity{}).Forward(bg, x) })
	require.PanicsWithValue(t, `nn: Concat of 2 branches along axis -3: a branch returns shape 12×2×6`,
		func() { nn.NewConcat(-3, nn.Identity{}, nn.Identity{}).Forward(bg, x) })
	require.PanicsWithValue(t, "nn: NewConcat: axis 0 is the batch", func() { nn.NewConcat(0, a) })
	require.PanicsWithValue(t, "nn: NewSum: no branches", func() { nn.NewSum() })
	require.PanicsWithValue(t, "nn: NewProduct: no branches", func() { nn.NewProduct() })
	require.PanicsWithValue(t, "nn: NewConcat: layer 1 is nil", func() { nn.NewConcat(1, a, nil) })
	require.PanicsWithValue(t, "nn: NewResidual: layer 0 is nil", func() { nn.NewResidual(nil) })
	require.PanicsWithValue(t, "nn: NewSequence: layer 0 is nil", func() { nn.NewSequence(nil) })
}

func TestSequence(t *testing.T) {
	empty := nn.NewSequence()
	x := randomTensor(1, 2, 3)
	require.Equal(t, x.Data(), empty.Forward(bg, x).Data())
	shape, err := empty.OutputShape([]int{3})
	require.NoError(t, err)
	require.Equal(t, []int{3}, shape)
	s := nn.NewSequence(randomDense("a", 3, 2), nn.ReLU{})
	require.Equal(t, allocarray.ReLU(bg, s.Layers()[0].Forward(bg, x)).Data(), s.Forward(bg, x).Data())
	require.Len(t, s.Parameters(), 2)
	require.Equal(t, "Sequence of 2 layers", s.String())
}

// TestSummary is the table for another shape of the sample.
func TestSummary(t *testing.T) {
	c, err := nn.NewChain([]int{28, 28, 1}, nn.NewConv2D("conv", 1, 4, nn.Square(3)), nn.NewResidual(nn.NewConv2D("r", 4, 4, nn.Square(1)), nn.ReLU{}))
	require.NoError(t, err)
	same, err := c.Summary(28, 28, 1)
	require.NoError(t, err)
	require.Equal(t, c.String(), same)
	other, err := c.Summary(10, 12, 1)
	require.NoError(t, err)
	require.Equal(t, `Chain 10×12×1→8×10×4
   layer                     output  parameters  bytes
0  Conv2D "conv" 1→4 of 3×3  8×10×4  40          160
1  Residual of 2 layers      8×10×4  20          80
   all                       8×10×4  60          240`, other)
	for _, sample := range [][]int{{-1}, {0, 12, 1}} {
		_, err = c.Summary(sample...)
		require.ErrorContains(t, err, "lengths must be positive")
	}
	_, err = c.Summary(2, 2, 1)
	require.EqualError(t, err, `nn: layer 0, Conv2D "conv" 1→4 of 3×3: takes samples into which its window fits, not 2×2×1`)
}

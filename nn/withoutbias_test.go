package nn_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

// TestDenseWithoutBias is a Dense whose bias is zero, alone, with a ReLU, and as bytes.
func TestDenseWithoutBias(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {17, 33}, {300, 10}} {
		d, same := nn.NewDenseWithoutBias("fc", size[0], size[1]), nn.NewDense("fc", size[0], size[1])
		randomize(d)
		require.Len(t, d.Parameters(), 1)
		d.Parameters()[0].Value.CopyTo(same.Parameters()[0].Value)
		same.ParametersChanged()
		for _, batch := range []int{0, 1, 7} {
			x := randomTensor(3, batch, size[0])
			require.Equal(t, same.Forward(bg, x).Data(), d.Forward(bg, x).Data())
			a, err := nn.NewChain(size[:1], d, nn.ReLU{})
			require.NoError(t, err)
			b, err := nn.NewChain(size[:1], same, nn.ReLU{})
			require.NoError(t, err)
			require.Equal(t, b.Forward(bg, x).Data(), a.Forward(bg, x).Data())
			require.Equal(t, nn.QuantizeDense(same).Forward(bg, x).Data(), nn.QuantizeDense(d).Forward(bg, x).Data())
		}
		var file bytes.Buffer
		require.NoError(t, nn.Save(&file, d, nil))
		require.NoError(t, nn.Load("m", file.Bytes(), nn.NewDenseWithoutBias("fc", size[0], size[1])))
		require.ErrorContains(t, nn.Load("m", file.Bytes(), same), `no tensor for the model's "fc.bias"`)
	}
	require.PanicsWithValue(t, `nn: NewDenseWithoutBias "fc": sizes 1 and 0 must be positive`, func() { nn.NewDenseWithoutBias("fc", 1, 0) })
}

// TestConv1DKinds compares with images of one line: groups, depthwise, with and without bias.
func TestConv1DKinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for n := range 40 {
		groups := 1 + rng.IntN(4)
		in, out := groups*(1+rng.IntN(4)), groups*(1+rng.IntN(4))
		if n%4 == 0 {
			in, out = groups, groups
		}
		s := nn.Span{Size: 1 + rng.IntN(4), Stride: 1 + rng.IntN(2), Padding: rng.IntN(2), Dilation: 1 + rng.IntN(2)}
		w := nn.Window{Size: [2]int{1, s.Size}, Stride: [2]int{1, s.Stride}, Padding: [2]int{0, s.Padding}, Dilation: [2]int{1, s.Dilation}}
		line, same := nn.NewGroupedConv1D("c", in, out, groups, s), nn.NewGroupedConv2D("c", in, out, groups, w)
		if n%2 == 0 {
			line, same = nn.NewGroupedConv1DWithoutBias("c", in, out, groups, s), nn.NewGroupedConv2DWithoutBias("c", in, out, groups, w)
		}
		randomize(line)
		require.Equal(t, []int{out, in / groups, s.Size}, line.Parameters()[0].Value.Shape())
		for i, p := range line.Parameters() {
			to := same.Parameters()[i].Value
			p.Value.Reshape(to.Shape()...).CopyTo(to)
		}
		same.ParametersChanged()
		require.Equal(t, len(same.Parameters()), len(line.Parameters()))
		x := randomTensor(rng.Uint64(), 3, 12, in)
		t.Run(fmt.Sprint(line), func(t *testing.T) {
			require.Equal(t, same.Forward(bg, x.Reshape(3, 1, 12, in)).Data(), line.Forward(bg, x).Data())
		})
	}
	require.Equal(t, `Conv1D "c" 4→6 of 3 in 2 groups`, nn.NewGroupedConv1D("c", 4, 6, 2, nn.Span{Size: 3}).String())
	require.Len(t, nn.NewConv1DWithoutBias("c", 4, 6, nn.Span{Size: 3}).Parameters(), 1)
	require.PanicsWithValue(t, `nn: NewGroupedConv1D "c": 3 groups do not divide 4 and 6 channels`,
		func() { nn.NewGroupedConv1D("c", 4, 6, 3, nn.Span{Size: 3}) })
}

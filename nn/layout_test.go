package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
)

func TestLayouts(t *testing.T) {
	x := randomTensor(1, 2, 3, 4, 5)
	y := nn.ToNCHW{}.Forward(bg, x)
	require.Equal(t, []int{2, 5, 3, 4}, y.Shape())
	require.Equal(t, x.At(1, 2, 3, 4), y.At(1, 4, 2, 3))
	require.Equal(t, x.Data(), nn.ToNHWC{}.Forward(bg, y).Data(), "there and back")

	c, err := nn.NewChain([]int{3, 4, 5}, nn.ToNCHW{}, nn.Flatten{})
	require.NoError(t, err)
	require.Equal(t, x.At(1, 2, 3, 4), c.Forward(bg, x).At(1, 4*12+2*4+3), "features in PyTorch's order")
	shape, err := nn.ToNHWC{}.OutputShape([]int{5, 3, 4})
	require.NoError(t, err)
	require.Equal(t, []int{3, 4, 5}, shape)

	_, err = nn.NewChain([]int{3, 4}, nn.ToNCHW{})
	require.EqualError(t, err, "nn: layer 0, nn.ToNCHW: takes images, not samples of 3×4")
	require.PanicsWithValue(t, "nn: ToNHWC: input of shape 2×3, want a batch of images",
		func() { nn.ToNHWC{}.Forward(bg, randomTensor(1, 2, 3)) })
}

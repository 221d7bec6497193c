package model_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
)

func TestRandomIsTheSameEverywhere(t *testing.T) {
	require.Equal(t, model.Random(1, 100, 1), model.Random(1, 100, 1))
	require.NotEqual(t, model.Random(1, 100, 1), model.Random(2, 100, 1))
}

func TestChainsComputeTheModels(t *testing.T) {
	x := model.Input(3)
	y := model.NewChain(model.NewMLP()).Forward(context.Background(), allocarray.Wrap(x, 3, model.In))
	require.NoError(t, model.CheckClose(y.Data(), model.NewMLP().Forward(x), 1e-5))

	images := model.Images(3)
	y = model.NewCNNChain(model.NewCNN()).Forward(context.Background(), allocarray.Wrap(images, 3, model.Side, model.Side, 1))
	require.NoError(t, model.CheckClose(y.Data(), model.NewCNN().Forward(images), 1e-5))
}

func TestModelsTellInputsApart(t *testing.T) {
	y := model.NewCNN().Forward(model.Images(2))
	require.Error(t, model.CheckClose(y[:10], y[10:], 1e-3), "two images, two answers")
	y = model.NewMLP().Forward(model.Input(2))
	require.Error(t, model.CheckClose(y[:10], y[10:], 1e-3))
}

func TestCheckClose(t *testing.T) {
	require.NoError(t, model.CheckClose([]float32{1, 2}, []float32{1, 2.00001}, 1e-3))
	require.ErrorContains(t, model.CheckClose([]float32{1, 2}, []float32{1, 3}, 1e-3), "result 1 is 2, want 3")
	require.ErrorContains(t, model.CheckClose([]float32{1}, nil, 1e-3), "1 results, want 0")
	require.Error(t, model.CheckClose([]float32{float32(math.NaN())}, []float32{1}, 1e-3))
}

func TestMaxPool(t *testing.T) {
	x := []float32{ // 3×3 pixels of 2 channels; the last row and column are dropped
		1, -1, 2, -2, 9, 9,
		3, -3, 4, -4, 9, 9,
		9, 9, 9, 9, 9, 9,
	}
	require.Equal(t, []float32{4, -1}, model.MaxPool(x, 3, 2))
}

func TestSoftmaxRows(t *testing.T) {
	x := []float32{0, 0, 1000, 1000}
	model.SoftmaxRows(x, 2)
	require.Equal(t, []float32{0.5, 0.5, 0.5, 0.5}, x)
}

func TestAddBias(t *testing.T) {
	x := []float32{1, -5, 2, 5}
	model.AddBias(x, []float32{1, 2}, true)
	require.Equal(t, []float32{2, 0, 3, 7}, x)
}

func TestProduct(t *testing.T) {
	s := model.Shape{M: 2, K: 3, N: 2}
	a, b, c := s.A(), s.B(), s.Product()
	require.InDelta(t, a[3]*b[1]+a[4]*b[3]+a[5]*b[5], c[3], 1e-6)
}

func TestParseWork(t *testing.T) {
	kind, shape, _, err := model.ParseWork("gemm/32x784x128")
	require.NoError(t, err)
	require.Equal(t, "gemm", kind)
	require.Equal(t, model.Shape{M: 32, K: 784, N: 128}, shape)
	kind, _, batch, err := model.ParseWork("cnn/32")
	require.NoError(t, err)
	require.Equal(t, "cnn", kind)
	require.Equal(t, 32, batch)
	for _, bad := range []string{"", "mlp", "mlp/x", "gemm/1x2", "mlp/-1"} {
		_, _, _, err = model.ParseWork(bad)
		require.Error(t, err, bad)
	}
}

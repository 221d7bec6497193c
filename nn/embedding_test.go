package nn_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

func TestEmbedding(t *testing.T) {
	e := nn.NewEmbedding("emb", 5, 3)
	randomize(e)
	table := e.Parameters()[0].Value
	ids := allocarray.Wrap([]float32{4, 0, 2, 2, float32(math.Copysign(0, -1)), 3}, 2, 3)
	for _, ids := range []nn.Tensor{ids, ids.Transpose(), ids.Reshape(6), ids.Slice(0, 0, 0)} {
		y := e.Forward(bg, ids)
		require.Equal(t, append(ids.Shape(), 3), y.Shape())
		ints, err := nn.Lookup(bg, e, allocarray.Convert[int64](bg, ids))
		require.NoError(t, err)
		require.Equal(t, y.Data(), ints.Data())
		rows := y.Data()
		for _, id := range ids.Heap().Data() {
			require.Equal(t, table.Index(0, int(id)).Data(), rows[:3])
			rows = rows[3:]
		}
	}
	c, err := nn.NewChain([]int{4}, e, nn.NewLSTM("l", 3, 2, nn.Recurrence{}))
	require.NoError(t, err)
	shape, err := c.OutputShape([]int{4})
	require.NoError(t, err)
	require.Equal(t, []int{4, 2}, shape)
	require.Equal(t, `Embedding "emb" of 5×3`, e.String())
}

// TestEmbeddingOfBytes: the element types of indices.
func TestEmbeddingOfBytes(t *testing.T) {
	e := nn.NewEmbedding("emb", 300, 2)
	randomize(e)
	want := e.Forward(bg, allocarray.Wrap([]float32{7, 0}))
	y, err := nn.Lookup(bg, e, allocarray.Wrap([]uint8{7, 0}))
	require.NoError(t, err)
	require.Equal(t, want.Data(), y.Data())
	y, err = nn.Lookup(bg, e, allocarray.Wrap([]int8{7, 0}))
	require.NoError(t, err)
	require.Equal(t, want.Data(), y.Data())
	_, err = nn.Lookup(bg, e, allocarray.Wrap([]int8{7, -1}))
	require.EqualError(t, err, `nn: Embedding "emb" of 300×2: element 1 of the input is -1, no index`)
}

func TestEmbeddingRefuses(t *testing.T) {
	e := nn.NewEmbedding("emb", 5, 3)
	for _, bad := range []float32{5, -1, 0.5, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 1e30} {
		require.Panics(t, func() { e.Forward(bg, allocarray.Wrap([]float32{1, bad})) }, bad)
	}
	require.PanicsWithValue(t, `nn: Embedding "emb" of 5×3: element 1 of the input is 5, no index`,
		func() { e.Forward(bg, allocarray.Wrap([]float32{1, 5})) })
	require.Panics(t, func() { e.Forward(bg, allocarray.New[float32](bg)) })
	for _, bad := range []int64{5, -1, math.MaxInt64, math.MinInt64, 1 << 32} {
		_, err := nn.Lookup(bg, e, allocarray.Wrap([]int64{bad}))
		require.Error(t, err, bad)
	}
	_, err := nn.Lookup(bg, e, allocarray.Wrap([]uint64{math.MaxUint64}))
	require.Error(t, err)
	require.PanicsWithValue(t, `nn: NewEmbedding "e": sizes 0 and 3 must be positive`, func() { nn.NewEmbedding("e", 0, 3) })
}

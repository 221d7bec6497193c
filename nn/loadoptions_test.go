package nn_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/safetensors"
)

// stored is a file of tensors of ones, by name.
func stored(t testing.TB, shapes map[string][]int) []byte {
	var tensors []safetensors.Tensor
	for name, shape := range shapes {
		n := 1
		for _, d := range shape {
			n *= d
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = 1
		}
		tensors = append(tensors, safetensors.From(name, shape, values))
	}
	var file bytes.Buffer
	require.NoError(t, safetensors.Encode(&file, tensors, nil))
	return file.Bytes()
}

// TestLoadListsEverything: what is missing, unexpected and of another shape, in one error.
func TestLoadListsEverything(t *testing.T) {
	m := model(t)
	before := saved(t, m)
	file := stored(t, map[string][]int{"fc1.weight": {2, 3}, "fc1.bias": {3}, "fc2.weight": {2, 1}, "x": {1}, "y": {}})
	err := nn.Load("bad", file, m)
	require.EqualError(t, err, `safetensors: bad: no tensor for the model's "fc2.bias"; the model has no "x", "y"; `+
		`tensor "fc1.bias": shape 3, the model wants 2; tensor "fc2.weight": shape 2×1, the model wants 1×2`)
	want := nn.Mismatch{Missing: []string{"fc2.bias"}, Unexpected: []string{"x", "y"}, Misshaped: []nn.Misshaped{
		{Name: "fc1.bias", Got: []int{3}, Want: []int{2}}, {Name: "fc2.weight", Got: []int{2, 1}, Want: []int{1, 2}}}}
	var mismatch *nn.Mismatch
	require.ErrorAs(t, err, &mismatch)
	require.Equal(t, want, *mismatch)
	require.Equal(t, before, saved(t, m), "a failed load changes nothing")

	var found nn.Mismatch
	require.NoError(t, nn.Load("bad", file, m, nn.NotStrict(&found)))
	require.Equal(t, want, found)
	require.False(t, found.Empty())
	p := m.Parameters()
	require.Equal(t, []float32{1, 1, 1, 1, 1, 1}, p[0].Value.Data())
	for _, left := range p[1:] {
		require.Zero(t, left.Value.Data()[0], left.Name)
	}
	x := randomTensor(1, 1, 3)
	require.Equal(t, []float32{0}, m.Forward(bg, x).Data(), "and the layers are prepared")

	require.NoError(t, nn.Load("good", saved(t, m), m, nn.NotStrict(&found)))
	require.True(t, found.Empty())
	require.Equal(t, "everything matches", found.Error())
	require.Panics(t, func() { nn.NotStrict(nil) })
}

// TestLoadWithPrefix: a model that is a part of the one in the file.
func TestLoadWithPrefix(t *testing.T) {
	shapes := map[string][]int{"other.fc1.weight": {9}, "fc1.weight": {7},
		"m.fc1.weight": {2, 3}, "m.fc1.bias": {2}, "m.fc2.weight": {1, 2}, "m.fc2.bias": {1}}
	m := model(t)
	require.NoError(t, nn.Load("f", stored(t, shapes), m, nn.WithPrefix("m.")))
	for _, p := range m.Parameters() {
		require.EqualValues(t, 1, p.Value.Data()[0], p.Name)
	}
	shapes["m.more"] = []int{1}
	delete(shapes, "m.fc2.bias")
	shapes["m.fc1.bias"] = []int{4}
	require.EqualError(t, nn.Load("f", stored(t, shapes), m, nn.WithPrefix("m.")),
		`safetensors: f: no tensor for the model's "m.fc2.bias"; the model has no "m.more"; tensor "m.fc1.bias": shape 4, the model wants 2`)
	var found nn.Mismatch
	require.NoError(t, nn.Load("f", stored(t, shapes), m, nn.NotStrict(&found), nn.WithPrefix("m.")))
	require.Equal(t, []string{"m.more"}, found.Unexpected)

	norm := nn.NewBatchNorm("n", 2, 1e-5)
	file := stored(t, map[string][]int{"a.n.weight": {2}, "a.n.bias": {2}, "a.n.running_mean": {2}, "a.n.running_var": {2}, "a.n.num_batches_tracked": {}})
	require.NoError(t, nn.Load("f", file, norm, nn.WithPrefix("a.")))
}

// TestNotStrictIsNotCareless: a file that is damaged, or has what no weight can be, is an error still, and
// what was found is not touched.
func TestNotStrictIsNotCareless(t *testing.T) {
	m := model(t)
	before := saved(t, m)
	found := nn.Mismatch{Missing: []string{"as it was"}}
	require.Error(t, nn.Load("f", []byte("no file"), m, nn.NotStrict(&found)))
	var ints bytes.Buffer
	require.NoError(t, safetensors.Encode(&ints, []safetensors.Tensor{safetensors.From("fc1.bias", []int{2}, []int32{1, 2}),
		safetensors.From("fc1.weight", []int{2, 3}, make([]float32, 6))}, nil))
	require.ErrorContains(t, nn.Load("f", ints.Bytes(), m, nn.NotStrict(&found)), `tensor "fc1.bias": I32 cannot be read as float32`)
	require.Equal(t, []string{"as it was"}, found.Missing)
	require.Equal(t, before, saved(t, m))
}

// TestMismatchIsBounded: many shapes make no long error.
func TestMismatchIsBounded(t *testing.T) {
	shapes := map[string][]int{}
	var layers []nn.Layer
	for i := range 300 {
		layers = append(layers, nn.NewDenseWithoutBias(fmt.Sprint(i), 1, 1))
		shapes[fmt.Sprint(i, ".weight")] = []int{7}
	}
	m, err := nn.NewChain([]int{1}, layers...)
	require.NoError(t, err)
	err = nn.Load("f", stored(t, shapes), m)
	require.ErrorContains(t, err, "; and 200 more of another shape")
	require.Equal(t, 100, strings.Count(err.Error(), "the model wants"))
}

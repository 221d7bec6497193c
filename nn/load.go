package nn

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/internal/safetensors"
)

// LoadFile reads the weights of m from the safetensors file at path. The error
// names the file, the tensor and the reason; m is then as it was. See [Load].
func LoadFile(path string, m Parametric) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return load(f, path, m)
}

// Load reads the weights of m from the content of a safetensors file, for example
// an embedded one; name stands for it in errors. The file must have a float tensor
// (F64, F32, F16 or BF16) of the right shape for each parameter and none besides,
// except for the num_batches_tracked that PyTorch saves with a BatchNorm and that
// only training needs; otherwise the error says which, and m is as it was.
func Load(name string, data []byte, m Parametric) error {
	f, err := safetensors.Decode(bytes.NewReader(data), int64(len(data)), name)
	if err != nil {
		return err
	}
	return load(f, name, m)
}

// load reads everything before it writes anything.
func load(f *safetensors.File, name string, m Parametric) error {
	params := m.Parameters()
	if err := requireNoOthers(f, name, params); err != nil {
		return err
	}
	values := make([][]float32, len(params))
	for i, p := range params {
		v, err := read(f, name, p)
		if err != nil {
			return err
		}
		values[i] = v
	}
	for i, p := range params {
		copy(p.Value.Data(), values[i])
	}
	m.ParametersChanged()
	return nil
}

func read(f *safetensors.File, name string, p Parameter) ([]float32, error) {
	t, err := f.Tensor(p.Name)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(t.Shape, p.Value.Shape()) {
		return nil, &safetensors.Error{File: name, Tensor: p.Name,
			Reason: fmt.Sprintf("shape %s, the model wants %s", shapeText(t.Shape), shapeText(p.Value.Shape()))}
	}
	return t.Float32s()
}

func requireNoOthers(f *safetensors.File, name string, params []Parameter) error {
	known := map[string]bool{}
	for _, p := range params {
		known[p.Name] = true
	}
	for _, n := range f.Names() {
		if !known[n] && !isBatchCount(n, known) {
			return &safetensors.Error{File: name, Tensor: n, Reason: "the model has no parameter of this name"}
		}
	}
	return nil
}

// isBatchCount reports whether n is the number of batches from which PyTorch made
// the running mean of a BatchNorm of the model.
func isBatchCount(n string, known map[string]bool) bool {
	layer, ok := strings.CutSuffix(n, ".num_batches_tracked")
	return ok && known[layer+".running_mean"]
}

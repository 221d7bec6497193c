package nn

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/allocarrays/allocarrays-go/safetensors"
)

// LoadFile reads the weights of m from the safetensors file at path. If it returns
// an error, m is unchanged. See [Load].
func LoadFile(path string, m Parametric) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return load(f, path, m)
}

// Load reads the weights of m from the content of a safetensors file, for example
// an embedded one; errors call it name. The file must have a float tensor (F64,
// F32, F16 or BF16) of the right shape for each parameter, and no other tensors
// except the num_batches_tracked that PyTorch saves with a BatchNorm and that only
// training needs.
//
// Otherwise Load returns an error and m is unchanged. The error names the file,
// the tensor and the reason; it lists all tensors that are missing or unexpected.
// A running variance that is negative, infinite or NaN is an error too.
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
	if err := requireSameNames(f, name, params); err != nil {
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

// requireSameNames returns an error that lists the parameters without a tensor and
// the tensors without a parameter.
func requireSameNames(f *safetensors.File, name string, params []Parameter) error {
	names := f.Names()
	var missing, unexpected []string
	known := make(map[string]bool, len(params))
	for _, p := range params {
		known[p.Name] = true
		if _, found := slices.BinarySearch(names, p.Name); !found {
			missing = append(missing, p.Name)
		}
	}
	for _, n := range names {
		if !known[n] && !isBatchCount(n, known) {
			unexpected = append(unexpected, n)
		}
	}
	var reasons []string
	if len(missing) > 0 {
		reasons = append(reasons, "no tensor for the model's "+nameList(missing))
	}
	if len(unexpected) > 0 {
		reasons = append(reasons, "the model has no "+nameList(unexpected))
	}
	if reasons == nil {
		return nil
	}
	return &safetensors.Error{File: name, Reason: strings.Join(reasons, "; ")}
}

// nameList quotes names for an error: many of them, for a model has many, but not
// as many or as long ones as a hostile file may have.
func nameList(names []string) string {
	const shown = 100
	var b strings.Builder
	for i, n := range names[:min(shown, len(names))] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(safetensors.Quote(n))
	}
	if more := len(names) - shown; more > 0 {
		b.WriteString(" and " + strconv.Itoa(more) + " more")
	}
	return b.String()
}

// isBatchCount reports whether n is the number of batches from which PyTorch made
// the running mean of a BatchNorm of the model.
func isBatchCount(n string, known map[string]bool) bool {
	layer, ok := strings.CutSuffix(n, ".num_batches_tracked")
	return ok && known[layer+".running_mean"]
}

// read returns the values for one parameter.
func read(f *safetensors.File, name string, p Parameter) ([]float32, error) {
	t, err := f.Tensor(p.Name)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(t.Shape, p.Value.Shape()) {
		return nil, &safetensors.Error{File: name, Tensor: p.Name,
			Reason: fmt.Sprintf("shape %s, the model wants %s", shapeText(t.Shape), shapeText(p.Value.Shape()))}
	}
	values, err := t.Float32s()
	if err == nil && p.check != nil {
		if reason := p.check(values); reason != "" {
			err = &safetensors.Error{File: name, Tensor: p.Name, Reason: reason}
		}
	}
	return values, err
}

// Save writes the weights of m as a safetensors file of F32 tensors. metadata, if
// not nil, is stored in the file for its readers. The same weights and metadata
// give the same bytes.
func Save(w io.Writer, m Parametric, metadata map[string]string) error {
	return safetensors.Encode(w, tensors(m), metadata)
}

// SaveFile is [Save] to a file. It replaces an existing file only after it has
// written everything.
func SaveFile(path string, m Parametric, metadata map[string]string) error {
	return safetensors.WriteFile(path, tensors(m), metadata)
}

// tensors returns the weights of m.
func tensors(m Parametric) (all []safetensors.Tensor) {
	for _, p := range m.Parameters() {
		all = append(all, safetensors.From(p.Name, p.Value.Shape(), p.Value.Data()))
	}
	return all
}

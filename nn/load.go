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
func LoadFile(path string, m Parametric, options ...LoadOption) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return load(f, path, m, options)
}

// Load reads the weights of m from the content of a safetensors file, for example
// an embedded one; errors call it name. The file must have a float tensor (F64,
// F32, F16 or BF16) of the right shape for each parameter, and no other tensors
// except the num_batches_tracked that PyTorch saves with a BatchNorm and that only
// training needs. Options change that.
//
// Otherwise Load returns an error and m is unchanged. The error names the file and
// lists all tensors that are missing, unexpected or of another shape; it matches
// [*Mismatch], which has them all. A tensor that is not of floats, a running
// variance that is negative, infinite or NaN, and whatever is wrong with the file are errors too.
func Load(name string, data []byte, m Parametric, options ...LoadOption) error {
	f, err := safetensors.Decode(bytes.NewReader(data), int64(len(data)), name)
	if err != nil {
		return err
	}
	return load(f, name, m, options)
}

// A LoadOption says how [Load] and [LoadFile] find the tensors for a model.
type LoadOption func(*loading)

type loading struct {
	prefix string
	found  *Mismatch // not nil: load what fits
}

// WithPrefix loads each parameter from the tensor whose name has the prefix before that of
// the parameter, as in "model.encoder.": for a model that is a part of the one in the file. Tensors
// without the prefix are not looked at.
func WithPrefix(prefix string) LoadOption { return func(l *loading) { l.prefix = prefix } }

// NotStrict loads the parameters for which the file has a tensor of their shape, and leaves
// the others as they are. It sets found to what does not match, whose lists are empty if everything
// does; look at it, for a model that was loaded in part computes something. (PyTorch's strict=False
// takes no tensors of another shape; here they are listed.) NotStrict panics if found is nil.
func NotStrict(found *Mismatch) LoadOption {
	if found == nil {
		panic("nn: NotStrict(nil): what does not match has no place to go")
	}
	return func(l *loading) { l.found = found }
}

// A Mismatch is how a model and a file differ. Names are those of the file.
type Mismatch struct {
	Missing    []string // parameters of the model, in its order, without a tensor
	Unexpected []string // tensors, by name, without a parameter
	Misshaped  []Misshaped
}

// Misshaped is a tensor of another shape than its parameter.
type Misshaped struct {
	Name      string
	Got, Want []int // of the file, and of the model
}

// Empty reports whether everything matches.
func (m *Mismatch) Empty() bool {
	return len(m.Missing) == 0 && len(m.Unexpected) == 0 && len(m.Misshaped) == 0
}

// Error lists what does not match, if it is not very much.
func (m *Mismatch) Error() string {
	var reasons []string
	if len(m.Missing) > 0 {
		reasons = append(reasons, "no tensor for the model's "+nameList(m.Missing))
	}
	if len(m.Unexpected) > 0 {
		reasons = append(reasons, "the model has no "+nameList(m.Unexpected))
	}
	for _, s := range m.Misshaped[:min(shownNames, len(m.Misshaped))] {
		reasons = append(reasons, fmt.Sprintf("tensor %s: shape %s, the model wants %s", safetensors.Quote(s.Name), shapeText(s.Got), shapeText(s.Want)))
	}
	if more := len(m.Misshaped) - shownNames; more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more of another shape", more))
	}
	if reasons == nil {
		return "everything matches"
	}
	return strings.Join(reasons, "; ")
}

// load reads everything before it writes anything.
func load(f *safetensors.File, name string, m Parametric, options []LoadOption) error {
	var l loading
	for _, o := range options {
		o(&l)
	}
	params := m.Parameters()
	found, err := l.compare(f, params)
	if err != nil {
		return err
	}
	if l.found == nil && !found.Empty() {
		return &safetensors.Error{File: name, Err: &found}
	}
	left := make(map[string]bool)
	for _, n := range found.Missing {
		left[n] = true
	}
	for _, s := range found.Misshaped {
		left[s.Name] = true
	}
	values := make([][]float32, len(params))
	for i, p := range params {
		if !left[l.prefix+p.Name] {
			if values[i], err = read(f, name, l.prefix+p.Name, p); err != nil {
				return err
			}
		}
	}
	for i, p := range params {
		copy(p.Value.Data(), values[i]) // of those that are left, nothing
	}
	if l.found != nil {
		*l.found = found
	}
	m.ParametersChanged()
	return nil
}

// compare returns how the names and shapes in the file differ from the model's.
func (l *loading) compare(f *safetensors.File, params []Parameter) (m Mismatch, err error) {
	names := f.Names()
	known := make(map[string]bool, len(params))
	for _, p := range params {
		n := l.prefix + p.Name
		known[n] = true
		if _, found := slices.BinarySearch(names, n); !found {
			m.Missing = append(m.Missing, n)
			continue
		}
		t, err := f.Tensor(n)
		if err != nil {
			return m, err
		}
		if want := p.Value.Shape(); !slices.Equal(t.Shape, want) {
			m.Misshaped = append(m.Misshaped, Misshaped{Name: n, Got: t.Shape, Want: want})
		}
	}
	for _, n := range names {
		if strings.HasPrefix(n, l.prefix) && !known[n] && !isBatchCount(n, known) {
			m.Unexpected = append(m.Unexpected, n)
		}
	}
	return m, nil
}

// shownNames is how many names a list in an error has.
const shownNames = 100

// nameList quotes names for an error: many of them, for a model has many, but not
// as many or as long ones as a hostile file may have.
func nameList(names []string) string {
	var b strings.Builder
	for i, n := range names[:min(shownNames, len(names))] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(safetensors.Quote(n))
	}
	if more := len(names) - shownNames; more > 0 {
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
func read(f *safetensors.File, file, name string, p Parameter) ([]float32, error) {
	t, err := f.Tensor(name)
	if err != nil {
		return nil, err
	}
	values, err := t.Float32s()
	if err == nil && p.check != nil {
		if reason := p.check(values); reason != "" {
			err = &safetensors.Error{File: file, Tensor: name, Reason: reason}
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

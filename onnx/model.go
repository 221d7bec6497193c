package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
)

// ErrMalformed is matched by the error of a file that is no model, or a damaged one.
var ErrMalformed = proto.ErrMalformed

// A Model is a file that has been read. It does not change, and goroutines may use it at the same time.
type Model struct {
	file  *proto.Model
	graph *graph.Model
}

// Load reads a model. Its weights stay where they have been read to: there is no second copy. A file that is
// damaged, or whose weights are in files of their own, is an error that matches [ErrMalformed] or says which
// file is missing; see [LoadFile] for those.
func Load(r io.Reader) (*Model, error) {
	var b bytes.Buffer
	if sized, ok := r.(interface{ Len() int }); ok { // as bytes.Reader: no copies on the way
		b.Grow(sized.Len() + bytes.MinRead)
	}
	if _, err := b.ReadFrom(r); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return load(b.Bytes(), nil)
}

// LoadFile is [Load] for the file of that name. Files with weights are looked for in its directory, and
// nowhere else.
func LoadFile(name string) (*Model, error) {
	if info, err := os.Stat(name); err == nil && info.Mode()&fs.ModeDevice != 0 {
		return nil, fmt.Errorf("onnx: %s is a device", name) // which may have no end
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	defer root.Close()
	m, err := load(b, root.FS())
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, name)
	}
	return m, nil
}

func load(b []byte, dir fs.FS) (*Model, error) {
	if math.MaxInt < math.MaxInt64 {
		return nil, errors.New("onnx: needs a processor of 64 bits, as lengths and indices in files have")
	}
	file, err := proto.Read(b)
	if err != nil {
		return nil, err
	}
	if err := proto.External(file, dir); err != nil {
		return nil, err
	}
	g, err := graph.Build(file)
	if err != nil {
		return nil, err
	}
	return &Model{file, g}, nil
}

// A Dim is an extent of a declared shape: a number if Size is positive; else any, the same wherever Name is
// the same, unless that is empty.
type Dim struct {
	Size int
	Name string
}

// A Port is an input or an output of a model, as the file declares it.
type Port struct {
	Name  string
	Type  Type
	Shape []Dim // nil if the file says nothing about it
}

// String writes a port, as in input float[batch,3,?,320].
func (p Port) String() string {
	dims := make([]proto.Dim, len(p.Shape))
	for i, d := range p.Shape {
		dims[i] = proto.Dim{Size: int64(d.Size), Known: d.Size > 0, Param: d.Name}
	}
	text := "[…]"
	if p.Shape != nil {
		text = dimsText(dims)
	}
	return p.Name + " " + p.Type.String() + text
}

func ports(values []*graph.Value) []Port {
	list := make([]Port, len(values))
	for i, v := range values {
		list[i].Name = v.Name
		d := v.Declared
		if d == nil {
			continue
		}
		list[i].Type = Type(d.Type)
		if d.HasShape {
			list[i].Shape = make([]Dim, len(d.Shape))
		}
		for j, e := range d.Shape {
			list[i].Shape[j] = Dim{int(e.Size), e.Param}
		}
	}
	return list
}

// Inputs returns what a run takes, in the order of the file. Constants that the file lists as inputs are not
// among them.
func (m *Model) Inputs() []Port { return ports(m.graph.In) }

// Outputs returns what a run gives.
func (m *Model) Outputs() []Port { return ports(m.graph.Out) }

// Opset returns the version of the operators of a domain that the file asks for, 0 for none. The domain of
// ONNX's own operators is empty.
func (m *Model) Opset(domain string) int { return m.graph.Opsets[domain] }

// Metadata returns what the file says about itself, a copy.
func (m *Model) Metadata() map[string]string {
	all := map[string]string{}
	for _, e := range m.file.Metadata {
		all[e.Key] = e.Value
	}
	return all
}

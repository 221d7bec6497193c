package proto

import (
	"fmt"
	"io"
	"io/fs"
	"strconv"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// External reads the elements that are in other files, from dir; nil stands for a place without files.
func External(m *Model, dir fs.FS) error {
	load := func(t *Tensor) error {
		if len(t.External) == 0 {
			return nil
		}
		return within(fmt.Sprintf("tensor %q", t.Name), t.load(dir))
	}
	for _, f := range m.Functions {
		if err := eachTensor(&Graph{Nodes: f.Nodes}, load); err != nil {
			return err
		}
	}
	return eachTensor(m.Graph, load)
}

// eachTensor calls fn for all tensors of a graph and of those in it.
func eachTensor(g *Graph, fn func(*Tensor) error) error {
	for _, t := range g.Initializers {
		if err := fn(t); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes {
		for _, a := range n.Attributes {
			tensors := a.Tensors
			if a.T != nil {
				tensors = append(tensors[:len(tensors):len(tensors)], a.T)
			}
			for _, t := range tensors {
				if err := fn(t); err != nil {
					return err
				}
			}
			if a.G != nil {
				if err := eachTensor(a.G, fn); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (t *Tensor) load(dir fs.FS) error {
	var name string
	offset, length := int64(0), int64(-1)
	for _, e := range t.External {
		var err error
		switch e.Key {
		case "location":
			name = e.Value
		case "offset":
			offset, err = strconv.ParseInt(e.Value, 10, 64)
		case "length":
			length, err = strconv.ParseInt(e.Value, 10, 64)
		}
		if err != nil || offset < 0 || length < -1 {
			return malformed("external data with %s %q", e.Key, e.Value)
		}
	}
	if dir == nil {
		return fmt.Errorf("onnx: tensor %q is in the file %q: the model must be loaded from a file, too", t.Name, name)
	}
	if !fs.ValidPath(name) {
		return malformed("external data in %q, want a path within the directory of the model", name)
	}
	size := t.Type.Bytes(t.Len())
	if t.Type == tensor.String || length >= 0 && length != int64(size) {
		return malformed("%d bytes of external data for %v", length, t)
	}
	f, err := dir.Open(name)
	if err != nil {
		return fmt.Errorf("onnx: tensor %q: %w", t.Name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("onnx: tensor %q: %w", t.Name, err)
	}
	if info.Size()-offset < int64(size) {
		return malformed("%v at byte %d of %q, which has %d", t, offset, name, info.Size())
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return fmt.Errorf("onnx: tensor %q: %q cannot be read from the middle", t.Name, name)
	}
	t.Data = tensor.Bytes(size)
	if _, err := at.ReadAt(t.Data, offset); err != nil && err != io.EOF {
		return fmt.Errorf("onnx: tensor %q: %w", t.Name, err)
	}
	Normalize(&t.Tensor)
	return nil
}

package proto

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// External reads the elements that are in other files, from dir; nil stands for a place without files. Tensors
// that name the same part of a file share its memory. Parts of a file that overlap otherwise are an error when they
// come to more than twice the file.
func External(m *Model, dir fs.FS) error {
	e := &external{dir: dir, parts: map[part][]byte{}, read: map[string]int64{}}
	load := func(t *Tensor) error {
		if len(t.External) == 0 {
			return nil
		}
		return within(fmt.Sprintf("tensor %q", t.Name), e.load(t))
	}
	for _, f := range m.Functions {
		if err := eachTensor(&Graph{Nodes: append(slices.Clone(f.Nodes), &Node{Attributes: f.Defaults})}, load); err != nil {
			return err
		}
	}
	err := eachTensor(m.Graph, load)
	m.Size += e.size
	return err
}

// A part is a piece of a file, as elements of a type.
type part struct {
	name   string
	offset int64
	size   int
	typ    tensor.Type
}

// An external is what has been read from other files.
type external struct {
	dir   fs.FS
	parts map[part][]byte
	read  map[string]int64 // bytes, by file
	size  int
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
			graphs := a.Graphs
			if a.G != nil {
				graphs = append(graphs[:len(graphs):len(graphs)], a.G)
			}
			for _, g := range graphs {
				if err := eachTensor(g, fn); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (x *external) load(t *Tensor) error {
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
	if x.dir == nil {
		return fmt.Errorf("onnx: tensor %q is in the file %q: the model must be loaded from a file, too", t.Name, name)
	}
	if !fs.ValidPath(name) {
		return malformed("external data in %q, want a path within the directory of the model", name)
	}
	size := t.Type.Bytes(t.Len())
	if t.Type == tensor.String || length >= 0 && length != int64(size) {
		return malformed("%d bytes of external data for %v", length, t)
	}
	key := part{name, offset, size, t.Type}
	if data, ok := x.parts[key]; ok {
		t.Data = data
		return nil
	}
	info, err := fs.Stat(x.dir, name) // before it is opened: opening a pipe may wait for ever
	if err != nil {
		return fmt.Errorf("onnx: tensor %q: %w", t.Name, err)
	}
	if !info.Mode().IsRegular() {
		return malformed("external data in %q, which is no regular file", name)
	}
	if x.read[name] += int64(size); x.read[name]/2 > info.Size() {
		return malformed("external data of more than twice the %d bytes of %q", info.Size(), name)
	}
	f, err := x.dir.Open(name)
	if err != nil {
		return fmt.Errorf("onnx: tensor %q: %w", t.Name, err)
	}
	defer f.Close()
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
	x.parts[key] = t.Data
	x.size += size
	return nil
}

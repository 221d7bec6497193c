package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/allocarrays/allocarrays-go/npy"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/safetensors"
)

// types are the names of types in safetensors files.
var types = map[tensor.Type]safetensors.DType{tensor.Float: safetensors.F32, tensor.Double: safetensors.F64, tensor.Int8: safetensors.I8,
	tensor.Int16: safetensors.I16, tensor.Int32: safetensors.I32, tensor.Int64: safetensors.I64, tensor.Uint8: safetensors.U8,
	tensor.Uint16: safetensors.U16, tensor.Uint32: safetensors.U32, tensor.Uint64: safetensors.U64, tensor.Bool: safetensors.Bool,
	tensor.Float16: safetensors.F16, tensor.BFloat16: safetensors.BF16}

// An inlet fills the inputs of a program from files.
type inlet struct {
	program *program
	in      []*tensor.Tensor // nil for those that no file has
	from    []string         // the file of each
	rest    int64            // how many bytes more there may be
}

// readInputs reads files, each given as FILE or NAME=FILE, and returns the inputs: nil for those that no file has.
func (s *settings) readInputs(p *program, files []string) ([]*tensor.Tensor, error) {
	t := &inlet{p, make([]*tensor.Tensor, len(p.Inputs())), make([]string, len(p.Inputs())), int64(s.memory)}
	for _, file := range files {
		name, path := "", file
		if i := strings.LastIndexByte(file, '='); i >= 0 && at(p, file[:i]) >= 0 {
			name, path = file[:i], file[i+1:]
		}
		b, err := readFile(path, t.rest)
		if i := strings.LastIndexByte(path, '='); errors.Is(err, fs.ErrNotExist) && name == "" && i >= 0 {
			err = fmt.Errorf("-in %s: there is no such file, and no input %q; the model takes %s", path, path[:i], inputs(p))
		}
		if err != nil {
			return nil, err
		}
		read := t.safetensors
		switch {
		case bytes.HasPrefix(b, []byte("\x93NUMPY")):
			read = t.array
		case bytes.HasPrefix(b, []byte("PK")):
			read = t.archive
		}
		if err := read(name, path, b); err != nil {
			return nil, s.exhausted(fmt.Errorf("%s: %w", path, err))
		}
	}
	for name := range s.shapes {
		if file := t.from[at(p, name)]; file != "" {
			return nil, fmt.Errorf("-shape: input %q has the shape that it has in %s", name, file)
		}
	}
	return t.in, nil
}

// set makes an array of a file the input of that name; without a name it is the only input.
func (t *inlet) set(name, path string, typ tensor.Type, read func() (*tensor.Tensor, error)) error {
	list := t.program.Inputs()
	if name == "" {
		if len(list) != 1 {
			return fmt.Errorf("for which input? Say -in NAME=%s; the model takes %s", path, inputs(t.program))
		}
		name = list[0].Name
	}
	i := at(t.program, name)
	if i < 0 {
		return fmt.Errorf("it has %q, and the model takes %s", name, inputs(t.program))
	}
	if t.from[i] != "" {
		return fmt.Errorf("input %q is in %s, too", name, t.from[i])
	}
	if want := list[i].Declared.Type; want != typ {
		return fmt.Errorf("it has %v for input %q, which is %v", typ, name, want)
	}
	x, err := read()
	if err != nil {
		return err
	}
	t.in[i], t.from[i] = x, path
	t.rest -= int64(len(x.Data))
	return nil
}

// only returns an error if a file with several arrays is for one input.
func only(name string, list []string) error {
	if name != "" && len(list) != 1 {
		return fmt.Errorf("it has the %d arrays %q, want one, for input %q", len(list), list, name)
	}
	return nil
}

// array reads a .npy file.
func (t *inlet) array(name, path string, b []byte) error {
	r := bytes.NewReader(b)
	h, err := npy.ReadHeader(r)
	if err != nil {
		return err
	}
	return t.numpy(name, path, &stored{Header: h, rest: r})
}

func (t *inlet) numpy(name, path string, s *stored) error {
	n, err := byDescr(s.Descr)
	if err != nil {
		return err
	}
	return t.set(name, path, n.Type, func() (*tensor.Tensor, error) { return n.read(n.Type, s, t.rest) })
}

// archive reads an .npz file.
func (t *inlet) archive(name, path string, b []byte) error {
	a, err := npy.OpenArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	list := a.Names()
	if err := only(name, list); err != nil {
		return err
	}
	for _, entry := range list {
		h, err := a.Header(entry)
		if err != nil {
			return err
		}
		target := entry
		if name != "" {
			target = name
		}
		if err := t.numpy(target, path, &stored{Header: h, archive: a, name: entry}); err != nil {
			return err
		}
	}
	return nil
}

func (t *inlet) safetensors(name, path string, b []byte) error {
	f, err := safetensors.Decode(bytes.NewReader(b), int64(len(b)), "")
	if err != nil {
		return fmt.Errorf("it is no .npy and no .npz file, and as a third: %w", err)
	}
	list := f.Names()
	if err := only(name, list); err != nil {
		return err
	}
	for _, entry := range list {
		v, err := f.Tensor(entry)
		if err != nil {
			return err
		}
		typ := tensor.Undefined
		for t, d := range types {
			if d == v.DType {
				typ = t
			}
		}
		target := entry
		if name != "" {
			target = name
		}
		err = t.set(target, path, typ, func() (*tensor.Tensor, error) {
			var b bytes.Buffer
			if err := safetensors.Encode(&b, []safetensors.Tensor{v}, nil); err != nil {
				return nil, err
			}
			x := tensor.New(typ, append([]int{}, v.Shape...)...)
			copy(x.Data, b.Bytes()[8+binary.LittleEndian.Uint64(b.Bytes()):]) // behind the header
			return x, checkBooleans(x)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkBooleans returns an error if a boolean is neither 0 nor 1.
func checkBooleans(x *tensor.Tensor) error {
	if x.Type == tensor.Bool {
		for i, v := range x.Data {
			if v > 1 {
				return fmt.Errorf("element %d is %d, and a boolean is 0 or 1", i, v)
			}
		}
	}
	return nil
}

package safetensors

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// Tensor is a name, a type, a shape and a place to read the elements from: a
// part of a [File], or what was given to [NewTensor], [NewTensorAt] or [From]. The zero Tensor has no
// elements and cannot be encoded.
//
// A Tensor is a value; its methods may be called by several goroutines at once.
type Tensor struct {
	Name  string
	DType DType
	Shape []int // row-major, outermost first; empty for a scalar

	file string
	data *io.SectionReader // only ReadAt is used: Read would share a position
}

// NewTensor returns a tensor for [Encode] on data in file order: row-major,
// little endian. It keeps data and copies shape. Whether the two fit each
// other is checked by Encode.
func NewTensor(name string, dtype DType, shape []int, data []byte) Tensor {
	return NewTensorAt(name, dtype, shape, bytes.NewReader(data), int64(len(data)))
}

// NewTensorAt is [NewTensor] on size bytes that [Encode] reads from r, a piece at a time: for
// tensors larger than memory.
func NewTensorAt(name string, dtype DType, shape []int, r io.ReaderAt, size int64) Tensor {
	return Tensor{Name: name, DType: dtype, Shape: slices.Clone(shape), data: io.NewSectionReader(r, 0, size)}
}

// Size returns the bytes of the elements as stored.
func (t Tensor) Size() int64 {
	if t.data == nil {
		return 0
	}
	return t.data.Size()
}

// readAt fills p with the stored bytes from off on.
func (t Tensor) readAt(p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	if err := readFull(t.data, p, off); err != nil {
		return &Error{File: t.file, Tensor: t.Name, Reason: "reading the data", Err: err}
	}
	return nil
}

func (t Tensor) fail(format string, args ...any) error {
	return &Error{File: t.file, Tensor: t.Name, Reason: fmt.Sprintf(format, args...)}
}

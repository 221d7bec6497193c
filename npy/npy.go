package npy

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Read reads an array in .npy format, with memory from ctx. T must be the type of the elements: a
// file of another type is an error that names it. Read reads no byte behind the array, so that
// one file may hold several, as NumPy allows. It panics if the scope of ctx ends while it reads.
func Read[T allocarray.Storage](ctx context.Context, r io.Reader) (allocarray.AllocArray[T], error) {
	h, err := ReadHeader(r)
	if err != nil {
		return allocarray.AllocArray[T]{}, err
	}
	return ReadData[T](ctx, r, h)
}

// ReadData reads the elements behind a header, as [Read] does.
func ReadData[T allocarray.Storage](ctx context.Context, r io.Reader, h Header) (allocarray.AllocArray[T], error) {
	return readData[T](ctx, r, h, remaining(r))
}

// readData reads the elements from r, which has at most so many bytes; it is negative if nobody
// knows.
func readData[T allocarray.Storage](ctx context.Context, r io.Reader, h Header, there int64) (none allocarray.AllocArray[T], err error) {
	if err := h.check(); err != nil {
		return none, err
	}
	if err := checkType[T](h.Descr); err != nil {
		return none, err
	}
	n, one := h.size(), sizeOf[T]()
	if there >= 0 && int64(n) > there/int64(one) {
		return none, fmt.Errorf("npy: %d bytes are no %d elements of type %s", there, n, h.Descr)
	}
	data, stamp, err := readElements[T](ctx, r, n, there >= 0)
	if err != nil {
		return none, err
	}
	if h.Descr == descrBool {
		for i, v := range data {
			if v > 1 {
				return none, fmt.Errorf("npy: element %d is %v, and a boolean is 0 or 1", i, v)
			}
		}
	}
	shape := h.Shape
	if h.Fortran {
		shape = make([]int, len(h.Shape))
		for i, d := range h.Shape {
			shape[len(shape)-1-i] = d
		}
	}
	if len(shape) == 0 {
		return allocarray.WrapStamp(data, stamp, 1).Squeeze(), nil
	}
	a := allocarray.WrapStamp(data, stamp, shape...)
	if h.Fortran {
		a = a.Transpose()
	}
	return a, nil
}

// chunk is how many bytes are read at once, and how many are allocated before any has arrived.
const chunk = 64 << 10

// readElements reads n elements. If nobody knows whether there are as many, memory is allocated
// as they arrive.
func readElements[T allocarray.Storage](ctx context.Context, r io.Reader, n int, there bool) ([]T, scope.Stamp, error) {
	one := sizeOf[T]()
	room := n
	if !there {
		room = min(n, chunk/one)
	}
	data, stamp, err := scope.Alloc[T](ctx, room)
	if err != nil {
		return nil, stamp, err
	}
	raw := make([]byte, min(n, chunk/one)*one)
	for done := 0; done < n; {
		if done == len(data) {
			more, longer, err := scope.Alloc[T](ctx, min(n, 2*len(data)))
			if err != nil {
				return nil, stamp, err
			}
			copy(more, data)
			data, stamp = more, longer
		}
		k := min(len(data)-done, len(raw)/one)
		if err := fill(r, raw[:k*one], "elements"); err != nil {
			return nil, stamp, err
		}
		if !stamp.Live() { // the reader is the user's code, and may have waited long
			panic(scope.NewStaleError(fmt.Sprintf("npy: reading of %d elements into memory", n), stamp, "read before the scope ends"))
		}
		if err := decode(data[done:done+k], raw[:k*one]); err != nil {
			return nil, stamp, err
		}
		done += k
	}
	return data, stamp, nil
}

// remaining returns how many bytes r still has; -1 if it does not know.
func remaining(r io.Reader) int64 {
	s, ok := r.(io.Seeker)
	if !ok {
		return -1
	}
	at, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return -1
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return -1
	}
	if _, err := s.Seek(at, io.SeekStart); err != nil || end < at {
		return -1 // and reading fails
	}
	return end - at
}

// Write writes a in .npy format, version 1.0: in row-major order, or, if a is the transpose of a
// contiguous array, in Fortran order. Other views are written element by element where they must
// be. Write panics if a's scope has ended, or ends while w takes the elements.
func Write[T allocarray.Storage](w io.Writer, a allocarray.AllocArray[T]) error {
	return write(w, a, descrOf[T]())
}

// WriteBool writes a mask as an array of booleans, which are true where a is not 0.
func WriteBool(w io.Writer, a allocarray.AllocArray[uint8]) error {
	return write(w, a, descrBool)
}

func write[T allocarray.Storage](w io.Writer, a allocarray.AllocArray[T], descr string) error {
	h := Header{Descr: descr, Shape: a.Shape()}
	if !a.IsContiguous() && a.Transpose().IsContiguous() {
		h.Fortran, a = true, a.Transpose()
	}
	out := bufio.NewWriterSize(w, chunk)
	if _, err := out.Write(h.text()); err != nil {
		return err
	}
	if err := writeElements(out, a, descr == descrBool, make([]byte, 0, chunk)); err != nil {
		return err
	}
	return out.Flush()
}

// writeElements writes the elements of a in row-major order, by way of raw.
func writeElements[T allocarray.Storage](w io.Writer, a allocarray.AllocArray[T], boolean bool, raw []byte) error {
	if !a.IsContiguous() {
		for i := range a.Dim(0) {
			if err := writeElements(w, a.Index(0, i), boolean, raw); err != nil {
				return err
			}
		}
		return nil
	}
	for done := 0; done < a.Len(); {
		data := a.Data()[done:] // again, since the writer is the user's code: it panics if the scope has ended
		k := min(len(data), cap(raw)/sizeOf[T]())
		b, err := encode(raw[:0], data[:k])
		if err != nil {
			return err
		}
		if boolean {
			for i := range b {
				b[i] = min(b[i], 1)
			}
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		done += k
	}
	return nil
}

// sizeOf returns how many bytes an element has in a file.
func sizeOf[T allocarray.Storage]() int {
	if n := binary.Size(*new(T)); n > 0 {
		return n
	}
	return 8 // int and uint
}

// decode reads dst from raw, which has as many bytes.
func decode[T allocarray.Storage](dst []T, raw []byte) error {
	switch dst := any(dst).(type) {
	case []int:
		for i := range dst {
			v := int64(binary.LittleEndian.Uint64(raw[8*i:]))
			if dst[i] = int(v); int64(dst[i]) != v {
				return fmt.Errorf("npy: element %d is too large for int", v)
			}
		}
		return nil
	case []uint:
		for i := range dst {
			v := binary.LittleEndian.Uint64(raw[8*i:])
			if dst[i] = uint(v); uint64(dst[i]) != v {
				return fmt.Errorf("npy: element %d is too large for uint", v)
			}
		}
		return nil
	}
	_, err := binary.Decode(raw, binary.LittleEndian, dst)
	return err
}

// encode appends the elements to raw.
func encode[T allocarray.Storage](raw []byte, data []T) ([]byte, error) {
	switch data := any(data).(type) {
	case []int:
		for _, v := range data {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
		}
		return raw, nil
	case []uint:
		for _, v := range data {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
		}
		return raw, nil
	}
	return binary.Append(raw, binary.LittleEndian, data)
}

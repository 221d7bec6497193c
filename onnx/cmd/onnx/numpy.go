package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/npy"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A numpyType is a type that .npy files have, too.
type numpyType struct {
	tensor.Type
	descr string // NumPy's name
	read  func(tensor.Type, *stored, int64) (*tensor.Tensor, error)
	write func(*sink, *tensor.Tensor) error
}

var numpyTypes = []numpyType{
	{tensor.Float16, "<f2", read[allocarray.Float16], write[allocarray.Float16]},
	{tensor.Float, "<f4", read[float32], write[float32]},
	{tensor.Double, "<f8", read[float64], write[float64]},
	{tensor.Int8, "|i1", read[int8], write[int8]},
	{tensor.Int16, "<i2", read[int16], write[int16]},
	{tensor.Int32, "<i4", read[int32], write[int32]},
	{tensor.Int64, "<i8", read[int64], write[int64]},
	{tensor.Uint8, "|u1", read[uint8], write[uint8]},
	{tensor.Uint16, "<u2", read[uint16], write[uint16]},
	{tensor.Uint32, "<u4", read[uint32], write[uint32]},
	{tensor.Uint64, "<u8", read[uint64], write[uint64]},
	{tensor.Bool, "|b1", read[uint8], write[uint8]},
}

// byDescr returns the type of NumPy's name.
func byDescr(descr string) (numpyType, error) {
	for _, t := range numpyTypes {
		if t.descr == descr || len(descr) == 3 && descr[2] == '1' && t.descr[1:] == descr[1:] { // one byte has no order
			return t, nil
		}
	}
	return numpyType{}, fmt.Errorf("its elements are of NumPy's type %q, which is not read: x.astype('<f4'), say, makes others", descr)
}

// byType returns what NumPy has for a type.
func byType(t tensor.Type) (numpyType, bool) {
	for _, n := range numpyTypes {
		if n.Type == t {
			return n, true
		}
	}
	return numpyType{}, false
}

// A stored is an array in a .npy file, or in an archive of such.
type stored struct {
	npy.Header
	rest    *bytes.Reader // behind the header
	archive *npy.Archive
	name    string // in the archive
}

// read reads an array of at most so many bytes.
func read[T allocarray.Storage](t tensor.Type, s *stored, limit int64) (x *tensor.Tensor, err error) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer(bumper.Limit(int(max(limit, 1)))))
	err = scope.NoEscape(ctx, func(ctx context.Context) (err error) {
		var a allocarray.AllocArray[T]
		if s.archive != nil {
			a, err = npy.ReadArray[T](ctx, s.archive, s.name)
		} else if a, err = npy.ReadData[T](ctx, s.rest, s.Header); err == nil && s.rest.Len() > 0 {
			err = fmt.Errorf("npy: there are %d bytes more behind the elements", s.rest.Len())
		}
		if err != nil {
			return err
		}
		if !a.IsContiguous() { // in Fortran order
			a = a.Clone(ctx)
		}
		x = tensor.New(t, a.Shape()...)
		_, err = binary.Encode(x.Data, binary.NativeEndian, a.Data())
		return err
	})
	return x, err
}

// A sink takes one array, or several.
type sink struct {
	w       io.Writer
	archive *npy.ArchiveWriter
	name    string // in the archive
}

func write[T allocarray.Storage](s *sink, x *tensor.Tensor) error {
	data := make([]T, x.Len())
	if _, err := binary.Decode(x.Data, binary.NativeEndian, data); err != nil {
		return err
	}
	a := allocarray.Wrap(data, x.Shape...)
	if len(x.Shape) == 0 {
		a = allocarray.Wrap(data, 1).Squeeze()
	}
	if x.Type != tensor.Bool {
		if s.archive != nil {
			return npy.WriteArray(s.archive, s.name, a)
		}
		return npy.Write(s.w, a)
	}
	mask, _ := any(a).(allocarray.AllocArray[uint8]) // as the table of types says
	if s.archive != nil {
		return s.archive.WriteBool(s.name, mask)
	}
	return npy.WriteBool(s.w, mask)
}

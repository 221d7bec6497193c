package proto

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A reading is a tensor of which the fields are read.
type reading struct {
	t        *Tensor
	dims     []int64
	typ      int64
	raw      span
	isRaw    bool
	floats   []float32
	ints     []int64
	doubles  []float64
	strings  []string
	segment  bool
	location int64
}

func (r *reader) tensor(msg span) (*Tensor, error) {
	d := reading{t: &Tensor{}}
	err := r.each(msg, func(f field) error { return r.tensorField(&d, f) })
	if err == nil {
		err = r.finish(&d)
	}
	return d.t, within(fmt.Sprintf("tensor %q", d.t.Name), err)
}

func (r *reader) tensorField(d *reading, f field) error {
	switch f.num {
	case 1:
		return r.ints(&d.dims, f)
	case 2:
		return r.int(&d.typ, f)
	case 3:
		d.segment = true
	case 4:
		return r.floats(&d.floats, f)
	case 5, 7, 11:
		return r.ints(&d.ints, f)
	case 6:
		b, err := r.bytes(f)
		d.strings = append(d.strings, string(b))
		return err
	case 8:
		return r.string(&d.t.Name, f)
	case 9:
		_, err := r.bytes(f)
		d.raw, d.isRaw = f.span, true
		return err
	case 10:
		return r.doubles(&d.doubles, f)
	case 13:
		return r.entry(&d.t.External, f)
	case 14:
		return r.int(&d.location, f)
	}
	return nil
}

// finish makes the elements of what was read.
func (r *reader) finish(d *reading) error {
	t := d.t
	if t.Type = tensor.Type(d.typ); int64(t.Type) != d.typ || !t.Type.Valid() {
		return malformed("elements of unknown type %d", d.typ)
	}
	if d.segment {
		return malformed("a segment of a tensor")
	}
	t.Shape = make([]int, len(d.dims))
	for i, n := range d.dims {
		t.Shape[i] = int(n)
	}
	n, ok := tensor.CheckedCount(t.Shape, t.Type.Bits())
	if !ok {
		return malformed("impossible shape %v", d.dims)
	}
	if d.location == 1 {
		if len(t.External) == 0 {
			return malformed("external data without a place")
		}
		return nil
	}
	t.External = nil
	if d.isRaw {
		return r.rawElements(d, n)
	}
	return d.elements(n)
}

// rawElements refers to the elements in the file. If they are not aligned there, they are moved down a
// little, over what has been read already and nobody refers to.
func (r *reader) rawElements(d *reading, n int) error {
	t := d.t
	if t.Type == tensor.String {
		return malformed("raw strings")
	}
	size := t.Type.Bytes(n)
	if have := d.raw.to - d.raw.from; have != size {
		return malformed("%d bytes of elements, want %d for %v", have, size, t)
	}
	data := r.file[d.raw.from:d.raw.to:d.raw.to]
	if align := max(1, t.Type.Bits()/8); !tensor.Aligned(data, align) {
		off := 1
		for !tensor.Aligned(r.file[max(0, d.raw.from-off):], align) && off < d.raw.from {
			off++
		}
		if at := d.raw.from - off; at >= r.floor && tensor.Aligned(r.file[at:], align) {
			copy(r.file[at:], data)
			data = r.file[at : at+size : at+size]
		} else {
			moved := tensor.Bytes(size)
			copy(moved, data)
			data = moved
		}
	}
	r.floor = max(r.floor, d.raw.to)
	t.Data = data
	Normalize(&t.Tensor)
	return nil
}

// Normalize makes what a file holds what a machine computes with: bytes of Bool 0 or 1, and the order
// of bytes the machine's.
func Normalize(t *tensor.Tensor) {
	if t.Type == tensor.Bool {
		for i, v := range t.Data {
			if v > 1 {
				t.Data[i] = 1
			}
		}
	}
	if size := t.Type.Bits() / 8; binary.NativeEndian.Uint16([]byte{1, 0}) != 1 && size > 1 {
		for i := 0; i+size <= len(t.Data); i += size {
			for a, b := i, i+size-1; a < b; a, b = a+1, b-1 {
				t.Data[a], t.Data[b] = t.Data[b], t.Data[a]
			}
		}
	}
}

// elements takes the elements from the field that is meant for their type.
func (d *reading) elements(n int) error {
	t := d.t
	have, per := 0, 1
	switch t.Type {
	case tensor.Float, tensor.Complex64:
		have = len(d.floats)
	case tensor.Double, tensor.Complex128:
		have = len(d.doubles)
	case tensor.String:
		have = len(d.strings)
	default:
		have = len(d.ints)
	}
	switch t.Type {
	case tensor.Complex64, tensor.Complex128:
		n *= 2
	case tensor.Uint4, tensor.Int4, tensor.Float4E2M1:
		per = 2
	case tensor.Uint2, tensor.Int2:
		per = 4
	}
	if have != (n+per-1)/per {
		return malformed("%d elements, want %d for %v", have, n, t)
	}
	switch t.Type {
	case tensor.Float, tensor.Complex64:
		t.Data = tensor.AsBytes(d.floats)
	case tensor.Double, tensor.Complex128:
		t.Data = tensor.AsBytes(d.doubles)
	case tensor.String:
		t.Strings = d.strings
	case tensor.Int64, tensor.Uint64:
		t.Data = tensor.AsBytes(d.ints)
	case tensor.Int32, tensor.Uint32:
		t.Data = narrow[uint32](d.ints)
	case tensor.Int16, tensor.Uint16, tensor.Float16, tensor.BFloat16:
		t.Data = narrow[uint16](d.ints)
	default:
		t.Data = narrow[uint8](d.ints)
		if t.Type == tensor.Bool {
			Normalize(&t.Tensor)
		}
	}
	return nil
}

func narrow[T tensor.Number](v []int64) []byte {
	s := make([]T, len(v))
	for i, e := range v {
		s[i] = T(e)
	}
	return tensor.AsBytes(s)
}

func (r *reader) sparse(f field) (*Sparse, error) {
	msg, err := r.message(f)
	if err != nil {
		return nil, err
	}
	s := &Sparse{}
	var dims []int64
	err = r.each(msg, func(f field) error {
		switch f.num {
		case 1, 2:
			msg, err := r.message(f)
			if err != nil {
				return err
			}
			t, err := r.tensor(msg)
			if f.num == 1 {
				s.Values = t
			} else {
				s.Indices = t
			}
			return err
		case 3:
			return r.ints(&dims, f)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, n := range dims {
		if n < 0 || n > math.MaxInt32 {
			return nil, malformed("impossible shape %v", dims)
		}
		s.Shape = append(s.Shape, int(n))
	}
	if s.Values == nil || s.Indices == nil {
		return nil, malformed("without values or indices")
	}
	return s, nil
}

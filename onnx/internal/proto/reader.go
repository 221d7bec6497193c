package proto

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrMalformed is matched by every error about a file that is not what it should be.
var ErrMalformed = errors.New("malformed model")

// An Error says what is wrong, and where.
type Error struct {
	Where, What string
}

func (e *Error) Error() string {
	if e.Where == "" {
		return "onnx: malformed model: " + e.What
	}
	return "onnx: malformed model: " + e.Where + ": " + e.What
}

// Unwrap lets errors.Is match [ErrMalformed].
func (e *Error) Unwrap() error { return ErrMalformed }

// within puts where in front of the place that err names.
func within(where string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || where == "" {
		return err
	}
	if e.Where != "" {
		where += ": " + e.Where
	}
	return &Error{where, e.What}
}

func malformed(format string, args ...any) error { return &Error{"", fmt.Sprintf(format, args...)} }

// maxDepth is how deep messages may nest: graphs in attributes, types in types.
const maxDepth = 200

// A reader is one pass over a buffer, which it owns.
type reader struct {
	file  []byte
	floor int // what is before is referred to, or read already and no longer needed
	depth int
}

// A span is a message: the bytes from ≤ i < to of the file.
type span struct{ from, to int }

// A field is one field of a message.
type field struct {
	num  protowire.Number
	typ  protowire.Type
	bits uint64 // of a number
	span        // of bytes
}

// each calls fn for the fields of a message.
func (r *reader) each(m span, fn func(f field) error) error {
	if r.depth++; r.depth > maxDepth {
		return malformed("messages nest more than %d deep", maxDepth)
	}
	defer func() { r.depth-- }()
	for at := m.from; at < m.to; {
		b := r.file[at:m.to]
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return malformed("byte %d: %v", at, protowire.ParseError(n))
		}
		f := field{num: num, typ: typ}
		at, b = at+n, b[n:]
		switch typ {
		case protowire.VarintType:
			f.bits, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.bits = uint64(v)
		case protowire.Fixed64Type:
			f.bits, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			var v []byte
			if v, n = protowire.ConsumeBytes(b); n >= 0 {
				f.span = span{at + n - len(v), at + n}
			}
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return malformed("byte %d: %v", at, protowire.ParseError(n))
		}
		if err := fn(f); err != nil {
			return err
		}
		at += n
	}
	return nil
}

func (r *reader) bytes(f field) ([]byte, error) {
	if f.typ != protowire.BytesType {
		return nil, malformed("field %d has wire type %d, want bytes", f.num, f.typ)
	}
	return r.file[f.from:f.to], nil
}

// message checks that f is one.
func (r *reader) message(f field) (span, error) {
	_, err := r.bytes(f)
	return f.span, err
}

func (r *reader) string(dst *string, f field) error {
	b, err := r.bytes(f)
	if err != nil {
		return err
	}
	if !utf8.Valid(b) {
		return malformed("field %d is no UTF-8", f.num)
	}
	*dst = string(b)
	return nil
}

func (r *reader) strings(dst *[]string, f field) error {
	var s string
	err := r.string(&s, f)
	*dst = append(*dst, s)
	return err
}

func (r *reader) int(dst *int64, f field) error {
	if f.typ != protowire.VarintType {
		return malformed("field %d has wire type %d, want an integer", f.num, f.typ)
	}
	*dst = int64(f.bits)
	return nil
}

// ints appends one number or, packed, several.
func (r *reader) ints(dst *[]int64, f field) error {
	if f.typ == protowire.VarintType {
		*dst = append(*dst, int64(f.bits))
		return nil
	}
	b, err := r.bytes(f)
	if err != nil {
		return err
	}
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return malformed("field %d: %v", f.num, protowire.ParseError(n))
		}
		*dst = append(*dst, int64(v))
		b = b[n:]
	}
	return nil
}

// floats is ints for numbers of 32 bits.
func (r *reader) floats(dst *[]float32, f field) error {
	if f.typ == protowire.Fixed32Type {
		*dst = append(*dst, math.Float32frombits(uint32(f.bits)))
		return nil
	}
	b, err := r.bytes(f)
	if err != nil {
		return err
	}
	if len(b)%4 != 0 {
		return malformed("field %d has %d bytes, want a multiple of 4", f.num, len(b))
	}
	for ; len(b) > 0; b = b[4:] {
		v, _ := protowire.ConsumeFixed32(b)
		*dst = append(*dst, math.Float32frombits(v))
	}
	return nil
}

// doubles is ints for numbers of 64 bits.
func (r *reader) doubles(dst *[]float64, f field) error {
	if f.typ == protowire.Fixed64Type {
		*dst = append(*dst, math.Float64frombits(f.bits))
		return nil
	}
	b, err := r.bytes(f)
	if err != nil {
		return err
	}
	if len(b)%8 != 0 {
		return malformed("field %d has %d bytes, want a multiple of 8", f.num, len(b))
	}
	for ; len(b) > 0; b = b[8:] {
		v, _ := protowire.ConsumeFixed64(b)
		*dst = append(*dst, math.Float64frombits(v))
	}
	return nil
}

package networks

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields and numbers that a model in double differs in.
const (
	typeFloat, typeDouble = 1, 11

	graphInitializer, graphInput, graphValue = 5, 11, 13
	nodeAttribute                            = 5
	attributeInt                             = 3
	attributeTensor, attributeGraph          = 5, 6
	tensorType, tensorFloats, tensorRaw      = 2, 4, 9
	tensorDoubles                            = 10
	valueType, typeTensor, tensorElement     = 2, 1, 1
)

// Double returns the model with all that is float as double: weights, inputs, outputs, and what Cast makes. Its results are the
// truth that those of both engines are held to.
func Double(file []byte) ([]byte, error) {
	return rewrite(file, map[protowire.Number]func([]byte) ([]byte, error){modelGraph: doubleGraph})
}

func doubleGraph(b []byte) ([]byte, error) {
	return rewrite(b, map[protowire.Number]func([]byte) ([]byte, error){
		graphNode: doubleNode, graphInitializer: doubleTensor, graphInput: doubleValue, graphOutput: doubleValue, graphValue: doubleValue,
	})
}

func doubleNode(b []byte) ([]byte, error) {
	cast := false
	if err := fields(b, nodeOperator, func(op []byte) error { cast = string(op) == "Cast"; return nil }); err != nil {
		return nil, err
	}
	return rewrite(b, map[protowire.Number]func([]byte) ([]byte, error){nodeAttribute: func(a []byte) ([]byte, error) {
		if cast {
			return renumber(a, attributeInt), nil
		}
		return rewrite(a, map[protowire.Number]func([]byte) ([]byte, error){attributeTensor: doubleTensor, attributeGraph: doubleGraph})
	}})
}

func doubleValue(b []byte) ([]byte, error) {
	return rewrite(b, map[protowire.Number]func([]byte) ([]byte, error){valueType: func(t []byte) ([]byte, error) {
		return rewrite(t, map[protowire.Number]func([]byte) ([]byte, error){typeTensor: func(e []byte) ([]byte, error) {
			return renumber(e, tensorElement), nil
		}})
	}})
}

// renumber makes the type float, in a field, the type double.
func renumber(b []byte, field protowire.Number) []byte {
	var out []byte
	for len(b) > 0 {
		number, kind, head := protowire.ConsumeTag(b)
		if head < 0 {
			return append(out, b...)
		}
		rest := protowire.ConsumeFieldValue(number, kind, b[head:])
		if rest < 0 {
			return append(out, b...)
		}
		if v, _ := protowire.ConsumeVarint(b[head:]); number == field && kind == protowire.VarintType && v == typeFloat {
			out = protowire.AppendVarint(protowire.AppendTag(out, number, kind), typeDouble)
		} else {
			out = append(out, b[:head+rest]...)
		}
		b = b[head+rest:]
	}
	return out
}

// doubleTensor changes a tensor of float.
func doubleTensor(b []byte) ([]byte, error) {
	float := false
	for rest := b; len(rest) > 0; {
		n, kind, k := protowire.ConsumeTag(rest)
		if k < 0 {
			return nil, protowire.ParseError(k)
		}
		if n == tensorType && kind == protowire.VarintType {
			v, _ := protowire.ConsumeVarint(rest[k:])
			float = v == typeFloat
		}
		m := protowire.ConsumeFieldValue(n, kind, rest[k:])
		if m < 0 {
			return nil, protowire.ParseError(m)
		}
		rest = rest[k+m:]
	}
	if !float {
		return b, nil
	}
	b = renumber(b, tensorType)
	var out []byte
	for len(b) > 0 {
		n, kind, k := protowire.ConsumeTag(b)
		m := protowire.ConsumeFieldValue(n, kind, b[k:])
		switch {
		case (n == tensorFloats || n == tensorRaw) && kind == protowire.BytesType:
			v, _ := protowire.ConsumeBytes(b[k:])
			to := protowire.Number(tensorRaw)
			if n == tensorFloats {
				to = tensorDoubles
			}
			out = protowire.AppendBytes(protowire.AppendTag(out, to, protowire.BytesType), widened(v))
		case n == tensorFloats:
			v, _ := protowire.ConsumeFixed32(b[k:])
			out = protowire.AppendFixed64(protowire.AppendTag(out, tensorDoubles, protowire.Fixed64Type), math.Float64bits(float64(math.Float32frombits(v))))
		default:
			out = append(out, b[:k+m]...)
		}
		b = b[k+m:]
	}
	return out, nil
}

func widened(b []byte) []byte {
	out := make([]byte, 0, 2*len(b))
	for ; len(b) >= 4; b = b[4:] {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))))
	}
	return out
}

// rewrite returns a message with what changes make of its fields of bytes.
func rewrite(b []byte, changes map[protowire.Number]func([]byte) ([]byte, error)) ([]byte, error) {
	var out []byte
	for len(b) > 0 {
		n, kind, k := protowire.ConsumeTag(b)
		if k < 0 {
			return nil, protowire.ParseError(k)
		}
		m := protowire.ConsumeFieldValue(n, kind, b[k:])
		if m < 0 {
			return nil, protowire.ParseError(m)
		}
		if change := changes[n]; change != nil && kind == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(b[k:])
			v, err := change(v)
			if err != nil {
				return nil, err
			}
			out = protowire.AppendBytes(protowire.AppendTag(out, n, kind), v)
		} else {
			out = append(out, b[:k+m]...)
		}
		b = b[k+m:]
	}
	return out, nil
}

// Package onnx writes small models in the ONNX format, so that onnxruntime can run
// the same network with the same weights as everybody else.
//
// The format is that of onnx.proto (ONNX 1.13, IR version 8), encoded as Protocol
// Buffers; the field numbers in this package are from there.
package onnx

import (
	"encoding/binary"
	"math"
)

// message is an encoded Protocol Buffers message. Fields are appended to it.
type message []byte

// The wire types of Protocol Buffers that occur here.
const (
	varint = 0
	length = 2
	fixed4 = 5
)

func (m *message) tag(field, wire int) {
	*m = binary.AppendUvarint(*m, uint64(field<<3|wire))
}

// int appends an integer field.
func (m *message) int(field int, v int64) {
	m.tag(field, varint)
	*m = binary.AppendUvarint(*m, uint64(v))
}

// ints appends a repeated integer field, one element after the other, as proto2 does.
func (m *message) ints(field int, v []int64) {
	for _, x := range v {
		m.int(field, x)
	}
}

// float appends a float field.
func (m *message) float(field int, v float32) {
	m.tag(field, fixed4)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(v))
}

// bytes appends a field of bytes, a string or a message.
func (m *message) bytes(field int, v []byte) {
	m.tag(field, length)
	*m = append(binary.AppendUvarint(*m, uint64(len(v))), v...)
}

// string appends a string field.
func (m *message) string(field int, v string) { m.bytes(field, []byte(v)) }

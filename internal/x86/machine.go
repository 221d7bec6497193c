// Package x86 is as much of an x86-64 processor as the generated assembly uses. Tests run
// the assembly on it: also where the processor lacks the instructions, and with every
// access to memory checked, which no processor does.
package x86

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// A Machine is as much of an x86-64 processor as the micro-kernels use. It lets
// the AVX-512 kernels be tested where there is no AVX-512, and checks every
// access to memory, which no processor does.
type Machine struct {
	general [16]uint64
	vector  [32][16]uint32
	mask    [8]uint64
	order   int // of the last comparison: -1, 0 or 1
	regions []region
	recent  int // the region used last
}

// A region is memory that the kernels may use. Its address is a number and its
// bytes are a slice, so that no number is ever turned into a pointer.
type region struct {
	name  string
	base  uint64
	bytes []byte
	write bool
}

// Allow lets the kernels read, and perhaps write, the elements of x. x must be
// on the heap, where it stays put.
func Allow[T any](m *Machine, name string, x []T, write bool) {
	if len(x) == 0 {
		return
	}
	first := unsafe.Pointer(&x[0])
	bytes := unsafe.Slice((*byte)(first), len(x)*int(unsafe.Sizeof(x[0])))
	m.regions = append(m.regions, region{name, uint64(uintptr(first)), bytes, write})
}

// at returns size bytes of memory, looking first where it looked last.
func (m *Machine) at(address uint64, size int, write bool) []byte {
	for i := range m.regions {
		at := (m.recent + i) % len(m.regions)
		r := &m.regions[at]
		offset := address - r.base
		if offset <= uint64(len(r.bytes)) && uint64(size) <= uint64(len(r.bytes))-offset && (r.write || !write) {
			m.recent = at
			return r.bytes[offset:][:size]
		}
	}
	panic(fmt.Sprintf("x86: no access to %d bytes at %#x (write: %v)", size, address, write))
}

// load reads size bytes as a little-endian number.
func (m *Machine) load(address uint64, size int) uint64 {
	var word [8]byte
	copy(word[:], m.at(address, size, false))
	return binary.LittleEndian.Uint64(word[:])
}

// store writes the low bytes of a number.
func (m *Machine) store(address uint64, size int, v uint64) {
	var word [8]byte
	binary.LittleEndian.PutUint64(word[:], v)
	copy(m.at(address, size, true), word[:])
}

// store8 stores one byte.
func (m *Machine) store8(address uint64, v byte) { m.at(address, 1, true)[0] = v }

// lanes reads count lanes from memory; those not in mask are not touched.
func (m *Machine) lanes(address uint64, count int, mask uint64) (v [16]uint32) {
	if mask == math.MaxUint64 {
		for i, b := 0, m.at(address, 4*count, false); i < count; i++ {
			v[i] = binary.LittleEndian.Uint32(b[4*i:])
		}
		return v
	}
	for i := range count {
		if mask>>i&1 != 0 {
			v[i] = uint32(m.load(address+4*uint64(i), 4))
		}
	}
	return v
}

// storeLanes writes count lanes to memory; those not in mask are not touched.
func (m *Machine) storeLanes(address uint64, count int, mask uint64, v [16]uint32) {
	for i := range count {
		if mask>>i&1 != 0 {
			m.store(address+4*uint64(i), 4, uint64(v[i]))
		}
	}
}

// compare remembers the order of two numbers for the next jump.
func (m *Machine) compare(x, y int64) {
	switch {
	case x < y:
		m.order = -1
	case x > y:
		m.order = 1
	default:
		m.order = 0
	}
}

// jumps reports whether a jump is taken.
func (m *Machine) jumps(op string) bool {
	switch op {
	case "JMP":
		return true
	case "JEQ":
		return m.order == 0
	case "JNE":
		return m.order != 0
	case "JLT":
		return m.order < 0
	case "JLE":
		return m.order <= 0
	case "JGT":
		return m.order > 0
	case "JGE":
		return m.order >= 0
	}
	panic("x86: unknown jump " + op)
}

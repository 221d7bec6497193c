package x86

import (
	"math"
	"strings"
)

// source reads a vector operand of count lanes.
func (m *Machine) source(o operand, count int) [16]uint32 {
	if o.kind == 'm' {
		return m.lanes(m.address(o), count, math.MaxUint64)
	}
	return m.vector[o.reg]
}

// vectors executes an instruction on vector registers. All forms with a vector
// destination clear the lanes above it.
func (m *Machine) vectors(op string, args []operand) {
	if op == "VZEROUPPER" {
		return
	}
	last := args[len(args)-1]
	if last.kind == 'm' {
		m.vectorStore(op, args, m.address(last))
		return
	}
	switch {
	case op == "VPTESTMD":
		m.mask[last.reg] = test(m.source(args[0], 16), m.vector[args[1].reg])
		return
	case op == "VCMPPS" && last.kind == 'k':
		m.mask[last.reg] = signs(m.notLess(args, 16))
		return
	}
	v := m.compute(op, args, last.count)
	for i := last.count; i < len(v); i++ {
		v[i] = 0
	}
	m.vector[last.reg] = v
}

// vectorStore executes the instructions that write vectors to memory.
func (m *Machine) vectorStore(op string, args []operand, to uint64) {
	v, count := m.vector[args[0].reg], args[0].count
	switch {
	case op == "VMOVUPS" && len(args) == 2:
		m.storeLanes(to, count, math.MaxUint64, v)
	case op == "VMOVUPS":
		m.storeLanes(to, count, m.mask[args[1].reg], v)
	case op == "VPMOVDB":
		for i := range count {
			m.store8(to+uint64(i), byte(v[i]))
		}
	case op == "VMASKMOVPS":
		m.storeLanes(to, count, signs(m.vector[args[1].reg]), v)
	case op == "VMOVLPS":
		m.storeLanes(to, 2, math.MaxUint64, v)
	case op == "VMOVSS":
		m.storeLanes(to, 1, math.MaxUint64, v)
	default:
		panic("x86: unknown store " + op)
	}
}

// compute returns the result of an instruction with a vector destination.
func (m *Machine) compute(op string, args []operand, count int) (v [16]uint32) {
	switch op {
	case "VMOVUPS", "VMOVAPS":
		if len(args) == 3 { // what the mask leaves out stays
			v = m.vector[args[2].reg]
			for i, x := range m.lanes(m.address(args[0]), count, m.mask[args[1].reg]) {
				if m.mask[args[1].reg]>>i&1 != 0 {
					v[i] = x
				}
			}
			return v
		}
		return m.source(args[0], count)
	case "VMOVAPS.Z":
		for i, x := range m.vector[args[0].reg] {
			if m.mask[args[1].reg]>>i&1 != 0 {
				v[i] = x
			}
		}
		return v
	case "VBLENDVPS": // the mask comes first, then what it selects
		mask := signs(m.vector[args[0].reg])
		for i := range count {
			v[i] = m.vector[args[2].reg][i]
			if mask>>i&1 != 0 {
				v[i] = m.vector[args[1].reg][i]
			}
		}
		return v
	case "VCMPPS":
		return m.notLess(args, count)
	case "VCVTPS2DQ":
		for i, x := range m.source(args[0], count) {
			v[i] = 1 << 31
			if x := math.RoundToEven(float64(number(x))); x >= -1<<31 && x < 1<<31 {
				v[i] = uint32(int32(x))
			}
		}
		return v
	case "VCVTDQ2PS":
		for i, x := range m.source(args[0], count) {
			v[i] = bits(float32(int32(x)))
		}
		return v
	case "VPACKUSDW":
		words := append(m.vector[args[1].reg][:4:4], m.vector[args[0].reg][:4]...)
		for i, x := range words {
			v[i/2] |= uint32(min(max(int32(x), 0), 0xffff)) << (i % 2 * 16)
		}
		return v
	case "VSQRTPS":
		for i, x := range m.source(args[0], count) {
			v[i] = bits(float32(math.Sqrt(float64(number(x)))))
		}
		return v
	case "VPSLLD":
		for i, x := range m.source(args[1], count) {
			v[i] = x << args[0].value
		}
		return v
	case "VPERMILPS":
		for i := range count {
			v[i] = m.vector[args[1].reg][i&^3|int(args[0].value>>(2*(i&3))&3)]
		}
		return v
	case "VPERM2F128":
		if args[0].value != 1 || args[1] != args[2] {
			panic("x86: unknown order of halves")
		}
		x := m.vector[args[1].reg]
		copy(v[:4], x[4:8])
		copy(v[4:8], x[:4])
		return v
	case "VSHUFF64X2":
		first, second := m.vector[args[2].reg], m.vector[args[1].reg]
		for i := range 4 {
			from := &first
			if i >= 2 {
				from = &second
			}
			copy(v[4*i:4*i+4], from[4*(args[0].value>>(2*i)&3):])
		}
		return v
	case "VMOVUPS.Z":
		return m.lanes(m.address(args[0]), count, m.mask[args[1].reg])
	case "VMASKMOVPS":
		return m.lanes(m.address(args[0]), count, signs(m.vector[args[1].reg]))
	case "VBROADCASTSS":
		if args[0].kind == 'v' {
			for i := range count {
				v[i] = m.vector[args[0].reg][0]
			}
			return v
		}
		return m.spread(args[0], 1, count)
	case "VBROADCASTSD":
		return m.spread(args[0], 2, count)
	case "VEXTRACTF128":
		copy(v[:], m.vector[args[1].reg][4*args[0].value:][:4])
		return v
	case "VPSRLDQ":
		copy(v[:], m.vector[args[1].reg][args[0].value/4:4])
		return v
	}
	var x [16]uint32
	op, embedded := strings.CutSuffix(op, ".BCST")
	switch {
	case !embedded:
		x = m.source(args[0], count)
	case strings.HasSuffix(op, "PD"):
		x = m.spread(args[0], 2, count)
	default:
		x = m.spread(args[0], 1, count)
	}
	y, z := &m.vector[args[1].reg], &m.vector[args[2].reg]
	if strings.HasSuffix(op, "PD") {
		for i := 0; i < count; i += 2 {
			v[i], v[i+1] = halves(double(op, whole(x[i:]), whole(y[i:]), whole(z[i:])))
		}
		return v
	}
	for i := range count {
		v[i] = lane(op, x[i], y[i], z[i])
	}
	return v
}

// notLess compares with the only predicate in use: lanes of all ones where the second
// operand is not less than the first, or either is NaN.
func (m *Machine) notLess(args []operand, count int) (v [16]uint32) {
	if args[0].value != 5 {
		panic("x86: unknown predicate")
	}
	limit := m.source(args[1], count)
	for i := range count {
		if !(number(m.vector[args[2].reg][i]) < number(limit[i])) {
			v[i] = math.MaxUint32
		}
	}
	return v
}

// spread reads one element, of one lane or two, and repeats it.
func (m *Machine) spread(o operand, lanes, count int) (v [16]uint32) {
	element := m.lanes(m.address(o), lanes, math.MaxUint64)
	for i := range count {
		v[i] = element[i%lanes]
	}
	return v
}

// double computes an instruction with three operands on a float64, in two lanes.
func double(op string, x, y, z float64) float64 {
	switch op {
	case "VFMADD231PD":
		return math.FMA(y, x, z)
	case "VMAXPD": // as VMAXPS
		if y > x {
			return y
		}
		return x
	}
	panic("x86: unknown instruction " + op)
}

// whole joins the two lanes of a float64, and halves takes them apart.
func whole(lanes []uint32) float64 {
	return math.Float64frombits(uint64(lanes[1])<<32 | uint64(lanes[0]))
}

func halves(x float64) (low, high uint32) {
	b := math.Float64bits(x)
	return uint32(b), uint32(b >> 32)
}

// lane computes one lane of an instruction with three operands.
func lane(op string, x, y, z uint32) uint32 {
	switch op {
	case "VFMADD231PS":
		return bits(FMA32(number(y), number(x), number(z)))
	case "VXORPS", "VPXORD":
		return x ^ y
	case "VORPS", "VPORD":
		return x | y
	case "VANDPS":
		return x & y
	case "VPADDD":
		return x + y
	case "VPSUBD":
		return y - x
	case "VPMULLD":
		return x * y
	case "VMINPS": // as VMAXPS
		if number(y) < number(x) {
			return y
		}
		return x
	case "VPMADDWD":
		return uint32(int32(int16(x))*int32(int16(y)) + int32(int16(x>>16))*int32(int16(y>>16)))
	case "VPDPBUSD": // unsigned bytes of the second operand by signed ones of the first
		for range 4 {
			z += uint32(int32(uint8(y)) * int32(int8(x)))
			x, y = x>>8, y>>8
		}
		return z
	case "VDIVPS":
		return bits(number(y) / number(x))
	case "VADDPS":
		return bits(number(y) + number(x))
	case "VSUBPS":
		return bits(number(y) - number(x))
	case "VMULPS":
		return bits(number(y) * number(x))
	case "VMAXPS": // the second source, which is written first, unless the other is greater
		if number(y) > number(x) {
			return y
		}
		return x
	}
	panic("x86: unknown instruction " + op)
}

func number(x uint32) float32 { return math.Float32frombits(x) }
func bits(x float32) uint32   { return math.Float32bits(x) }

// test returns the lanes in which two vectors share a bit.
func test(x, y [16]uint32) (mask uint64) {
	for i := range x {
		if x[i]&y[i] != 0 {
			mask |= 1 << i
		}
	}
	return mask
}

// signs returns the lanes whose top bit is set.
func signs(x [16]uint32) (mask uint64) {
	for i := range x {
		mask |= uint64(x[i]>>31) << i
	}
	return mask
}

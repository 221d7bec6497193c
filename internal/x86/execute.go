package x86

import "unsafe"

// Run executes a program, whose argument is the address of t, until it returns. The
// program may read and write t. The stack is memory like any other, and starts out as rubbish.
func (m *Machine) Run(p *Program, t []byte) {
	regions := m.regions
	defer func() { m.regions = regions }()
	Allow(m, "argument", t, true)
	m.run(p, uint64(uintptr(unsafe.Pointer(&t[0]))))
}

func (m *Machine) run(p *Program, argument uint64) {
	stack := make([]uint64, 64)
	for i := range stack {
		stack[i] = 0xdeadbeefdeadbeef
	}
	Allow(m, "stack", stack, true)
	m.general[general["SP"]] = m.regions[len(m.regions)-1].base
	for at := 0; p.code[at].op != "RET"; {
		i := &p.code[at]
		at++
		switch {
		case i.op[0] == 'V':
			m.vectors(i.op, i.args)
		case i.op[0] == 'J':
			if m.jumps(i.op) {
				at = p.labels[i.args[0].label]
			}
		default:
			m.integers(i.op, i.args, argument)
		}
	}
}

// address computes the address of a memory operand.
func (m *Machine) address(o operand) uint64 {
	a := m.general[o.base] + uint64(o.value)
	if o.index >= 0 {
		a += m.general[o.index] * uint64(o.scale)
	}
	return a
}

// get reads an integer operand of the given size.
func (m *Machine) get(o operand, size int, argument uint64) uint64 {
	switch o.kind {
	case 'g':
		return m.general[o.reg]
	case 'i':
		return uint64(o.value)
	case 't':
		return argument
	case 'm':
		return m.load(m.address(o), size)
	}
	panic("x86: not an integer operand")
}

// set writes a 64-bit integer operand.
func (m *Machine) set(o operand, v uint64) {
	if o.kind == 'g' {
		m.general[o.reg] = v
		return
	}
	m.store(m.address(o), 8, v)
}

// integers executes an instruction on general registers. The destination is
// last, as everywhere in Go's syntax; comparisons read left to right.
func (m *Machine) integers(op string, args []operand, argument uint64) {
	size := 8
	switch op {
	case "LEAQ":
		m.set(args[1], m.address(args[0]))
		return
	case "DECQ":
		v := m.get(args[0], 8, argument) - 1
		m.set(args[0], v)
		m.compare(int64(v), 0)
		return
	case "CMPB":
		size = 1
	case "MOVLQSX":
		size = 4
	}
	x := m.get(args[0], size, argument)
	switch op {
	case "MOVQ":
		m.set(args[1], x)
	case "MOVLQSX":
		m.set(args[1], uint64(int64(int32(x))))
	case "ADDQ":
		m.set(args[1], m.get(args[1], 8, argument)+x)
	case "SUBQ":
		y := m.get(args[1], 8, argument)
		m.set(args[1], y-x)
		m.compare(int64(y), int64(x))
	case "SHLQ":
		m.set(args[1], m.get(args[1], 8, argument)<<x)
	case "CMPQ":
		m.compare(int64(x), int64(m.get(args[1], 8, argument)))
	case "CMPB":
		m.compare(int64(int8(x)), int64(int8(m.get(args[1], 1, argument))))
	case "TESTQ":
		m.compare(int64(x&m.get(args[1], 8, argument)), 0)
	default:
		panic("x86: unknown instruction " + op)
	}
}

package gemm_test

// run executes a program on a tile until it returns. The stack is memory like
// any other, and starts out as rubbish.
func (m *machine) run(p *program, tile uint64) {
	stack := make([]uint64, 16)
	for i := range stack {
		stack[i] = 0xdeadbeefdeadbeef
	}
	regions := m.regions
	defer func() { m.regions = regions }()
	allow(m, "stack", stack, true)
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
			m.integers(i.op, i.args, tile)
		}
	}
}

// address computes the address of a memory operand.
func (m *machine) address(o operand) uint64 {
	a := m.general[o.base] + uint64(o.value)
	if o.index >= 0 {
		a += m.general[o.index] * uint64(o.scale)
	}
	return a
}

// get reads an integer operand of the given size.
func (m *machine) get(o operand, size int, tile uint64) uint64 {
	switch o.kind {
	case 'g':
		return m.general[o.reg]
	case 'i':
		return uint64(o.value)
	case 't':
		return tile
	case 'm':
		return m.load(m.address(o), size)
	}
	panic("machine: not an integer operand")
}

// set writes a 64-bit integer operand.
func (m *machine) set(o operand, v uint64) {
	if o.kind == 'g' {
		m.general[o.reg] = v
		return
	}
	m.store(m.address(o), 8, v)
}

// integers executes an instruction on general registers. The destination is
// last, as everywhere in Go's syntax; comparisons read left to right.
func (m *machine) integers(op string, args []operand, tile uint64) {
	size := 8
	switch op {
	case "LEAQ":
		m.set(args[1], m.address(args[0]))
		return
	case "CMPB":
		size = 1
	case "MOVLQSX":
		size = 4
	}
	x := m.get(args[0], size, tile)
	switch op {
	case "MOVQ":
		m.set(args[1], x)
	case "MOVLQSX":
		m.set(args[1], uint64(int64(int32(x))))
	case "ADDQ":
		m.set(args[1], m.get(args[1], 8, tile)+x)
	case "SUBQ":
		m.set(args[1], m.get(args[1], 8, tile)-x)
	case "SHLQ":
		m.set(args[1], m.get(args[1], 8, tile)<<x)
	case "CMPQ":
		m.compare(int64(x), int64(m.get(args[1], 8, tile)))
	case "CMPB":
		m.compare(int64(int8(x)), int64(int8(m.get(args[1], 1, tile))))
	case "TESTQ":
		m.compare(int64(x&m.get(args[1], 8, tile)), 0)
	default:
		panic("machine: unknown instruction " + op)
	}
}

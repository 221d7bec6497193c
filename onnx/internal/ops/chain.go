package ops

import (
	"math"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A Chain is several elementwise nodes that are computed together, some elements at a time, so that what
// lies between them stays in the first-level cache. It may begin with what a product or a convolution has
// just made, its head.
//
// The planner adds node by node, as long as [Chain.Add] takes them, and ends with [Chain.Close].
type Chain struct {
	shape  []int // of everything, logical
	last   bool  // the channels are last in memory
	period int   // elements after which a vector repeats; 0 if there is none
	head   int   // the value that is there already, or -1

	instrs  []instr
	values  map[int]int // instruction that makes a value, -1 for the head
	Inputs  []int       // values of other nodes that the chain reads, as they come in [Args.In]
	In      []*Operand  // what they are
	columns []bool      // whether they are vectors, a row for each image
	first   int         // place of the first of them in Args.In
	regs    int
	chunk   int
}

// A source is what an instruction reads.
type source struct {
	kind  int
	index int     // of the instruction, the register, or the input
	value float32 // of a scalar
	data  []float32
}

const (
	fromInstr  = iota // later: a register
	fromScalar        // a constant
	fromVector        // data, which repeats
	fromTensor        // elements of an input at the same place
	fromSingle        // the only element of an input
	fromRows          // an input that repeats, with one vector for each image
)

type instr struct {
	op     opcode
	binary kernel.BinaryOp
	unary  func(dst, a []float32)
	a, b   source
	z      []float32
	to     int
	relu   bool // a rectification, which the head can do
}

// An opcode is a kind of instructions.
type opcode int

const (
	opBinary opcode = iota
	opUnary
	opAffine // a times b plus z, and that rectified if relu is set
	opTanh
)

// two reports whether instructions read two results.
func (o opcode) two() bool { return o == opBinary }

// chainElements is how many elements are computed at a time, about.
const chainElements = 1024

// maxPeriod is how long a vector may be.
const maxPeriod = 4096

// NewChain returns a chain on tensors of a shape. head is the value that it begins with, or -1.
func NewChain(shape []int, last bool, head int) *Chain {
	c := &Chain{shape: shape, last: last, head: head, values: map[int]int{}}
	if head >= 0 {
		c.values[head] = -1
	}
	return c
}

// Shape returns the shape of everything in c.
func (c *Chain) Shape() []int { return c.shape }

// Len returns the number of instructions.
func (c *Chain) Len() int { return len(c.instrs) }

// A Mark is a state of a chain.
type Mark struct{ instrs, inputs, period int }

// Mark returns the state of c.
func (c *Chain) Mark() Mark { return Mark{len(c.instrs), len(c.Inputs), c.period} }

// Reset takes c back to an earlier state.
func (c *Chain) Reset(m Mark) {
	c.instrs, c.Inputs, c.In, c.columns, c.period = c.instrs[:m.instrs], c.Inputs[:m.inputs], c.In[:m.inputs], c.columns[:m.inputs], m.period
	for v, i := range c.values {
		if i >= m.instrs {
			delete(c.values, v)
		}
	}
}

// Fuses reports whether an operator may be part of a chain.
func Fuses(op string) bool {
	switch op {
	case "Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Pow", "Relu", "Sigmoid", "Tanh", "Exp", "Log", "Sqrt", "Reciprocal", "Floor", "Ceil",
		"Neg", "Abs", "LeakyRelu", "HardSigmoid", "HardSwish", "Clip", "Erf", "BatchNormalization", "PRelu", "Identity", "Dropout", "Elu":
		return true
	}
	return false
}

// Add adds a node whose inputs are the values in, and its first output the value out. It returns false, and leaves c as
// it is, if that cannot be.
func (c *Chain) Add(call *Call, in []int, out int) bool {
	m := c.Mark()
	if n := len(c.instrs); c.add(call, in) && len(c.instrs) > n {
		c.values[out] = len(c.instrs) - 1
		return true
	}
	c.Reset(m)
	return false
}

func (c *Chain) add(call *Call, in []int) bool {
	for i := 1; i < len(call.Out); i++ {
		if call.Out[i] != nil {
			return false
		}
	}
	for _, x := range call.In {
		if x != nil && x.Type != tensor.Float {
			return false
		}
	}
	if len(call.In) == 0 {
		return false
	}
	old := call.HasAttr("broadcast")
	switch call.Op {
	case "Add", "Sub", "Mul", "Div":
		op := map[string]kernel.BinaryOp{"Add": kernel.Add, "Sub": kernel.Sub, "Mul": kernel.Mul, "Div": kernel.Div}[call.Op]
		if old && call.Int("broadcast", 0) != 0 {
			return false
		}
		return c.fold(call, in, op)
	case "Max", "Min", "Sum":
		return c.fold(call, in, map[string]kernel.BinaryOp{"Max": kernel.Max, "Min": kernel.Min, "Sum": kernel.Add}[call.Op])
	}
	x, ok := c.source(call, in, 0)
	if !ok || x.kind == fromScalar {
		return false
	}
	switch call.Op {
	case "Pow":
		y := call.In[1]
		if !y.Known || y.Len() != 1 || old {
			return false
		}
		switch e := slice[float32](y.Tensor)[0]; e {
		case 2:
			c.one(func(dst, a []float32) { kernel.Unary(kernel.Square, dst, a) }, x)
		case 0.5:
			c.one(float(kernel.Sqrt), x)
		default:
			c.one(func(dst, a []float32) { kernel.PowScalar(dst, a, e) }, x)
		}
	case "Relu":
		c.rectify(x)
	case "Tanh":
		c.one(nil, x)
		c.instrs[len(c.instrs)-1].op = opTanh
	case "Exp", "Log", "Sqrt", "Sigmoid", "Reciprocal", "Floor", "Ceil":
		c.one(float(map[string]kernel.FloatOp{"Exp": kernel.Exp, "Log": kernel.Log, "Sqrt": kernel.Sqrt,
			"Sigmoid": kernel.Sigmoid, "Reciprocal": kernel.Reciprocal, "Floor": kernel.Floor, "Ceil": kernel.Ceil}[call.Op]), x)
	case "Neg":
		c.one(func(dst, a []float32) { kernel.Unary(kernel.Neg, dst, a) }, x)
	case "Abs":
		c.one(func(dst, a []float32) { kernel.Unary(kernel.Abs, dst, a) }, x)
	case "Erf":
		c.one(func(dst, a []float32) {
			for i, v := range a {
				dst[i] = float32(math.Erf(float64(v)))
			}
		}, x)
	case "LeakyRelu":
		alpha := call.Float("alpha", 0.01)
		c.one(func(dst, a []float32) { kernel.LeakyReLU(dst, a, alpha) }, x)
	case "Elu":
		alpha := call.Float("alpha", 1)
		c.one(func(dst, a []float32) { kernel.ELU(dst, a, alpha) }, x)
	case "HardSigmoid":
		c.hardSigmoid(x, call.Float("alpha", 0.2), call.Float("beta", 0.5))
	case "HardSwish":
		c.two(kernel.Mul, x, c.hardSigmoid(x, 1.0/6, 0.5))
	case "Clip":
		return c.clip(call, x)
	case "BatchNormalization":
		return c.batchNorm(call, x)
	case "PRelu":
		y, ok := c.source(call, in, 1)
		if !ok {
			return false
		}
		below := c.two(kernel.Mul, c.two(kernel.Min, x, scalar(0)), y)
		c.two(kernel.Add, c.two(kernel.Max, x, scalar(0)), below)
	case "Identity":
		c.one(func(dst, a []float32) { copy(dst, a) }, x)
	case "Dropout":
		if len(call.In) > 1 || call.HasAttr("is_test") && call.Int("is_test", 0) == 0 {
			return false
		}
		c.one(func(dst, a []float32) { copy(dst, a) }, x)
	default:
		return false
	}
	return true
}

func float(op kernel.FloatOp) func(dst, a []float32) {
	return func(dst, a []float32) { kernel.UnaryFloat(op, dst, a) }
}

func scalar(v float32) source { return source{kind: fromScalar, value: v} }

func (c *Chain) one(f func(dst, a []float32), x source) source {
	c.instrs = append(c.instrs, instr{op: opUnary, unary: f, a: x})
	return source{kind: fromInstr, index: len(c.instrs) - 1}
}

func (c *Chain) rectify(x source) source {
	y := c.one(kernel.ReLU[float32], x)
	c.instrs[y.index].relu = true
	return y
}

func (c *Chain) two(op kernel.BinaryOp, x, y source) source {
	c.instrs = append(c.instrs, instr{op: opBinary, binary: op, a: x, b: y})
	return source{kind: fromInstr, index: len(c.instrs) - 1}
}

func (c *Chain) hardSigmoid(x source, slope, offset float32) source {
	v := c.two(kernel.Add, c.two(kernel.Mul, x, scalar(slope)), scalar(offset))
	return c.two(kernel.Max, c.two(kernel.Min, v, scalar(1)), scalar(0))
}

// fold is an operator of two inputs or more, from the left.
func (c *Chain) fold(call *Call, in []int, op kernel.BinaryOp) bool {
	x, ok := c.source(call, in, 0)
	if !ok || len(in) < 2 {
		return false
	}
	for i := 1; i < len(in); i++ {
		y, ok := c.source(call, in, i)
		if !ok || isSingle(x) && isSingle(y) {
			return false
		}
		x = c.two(op, x, y)
	}
	return true
}

func isSingle(s source) bool { return s.kind == fromScalar || s.kind == fromSingle }

func (c *Chain) clip(call *Call, x source) bool {
	limits := [2]struct {
		v  float32
		ok bool
	}{{call.Float("min", 0), call.HasAttr("min")}, {call.Float("max", 0), call.HasAttr("max")}}
	for i := range limits {
		if call.Has(i + 1) {
			y := call.In[i+1]
			if !y.Known || y.Len() != 1 {
				return false
			}
			limits[i].v, limits[i].ok = slice[float32](y.Tensor)[0], true
		}
	}
	if limits[0].ok && limits[0].v == 0 {
		x = c.rectify(x)
	} else if limits[0].ok {
		x = c.two(kernel.Max, x, scalar(limits[0].v))
	}
	if limits[1].ok {
		c.two(kernel.Min, x, scalar(limits[1].v))
	}
	return limits[0].ok || limits[1].ok
}

// BatchNormAffine returns the factor and the summand of each channel of a BatchNormalization, if it is not one for training and
// its parameters are known.
func BatchNormAffine(call *Call) (scale, shift []float64, ok bool) {
	if call.Int("training_mode", 0) != 0 || call.Int("spatial", 1) == 0 || len(call.In) != 5 {
		return nil, nil, false
	}
	if len(call.In[0].Shape) < 2 {
		return nil, nil, false
	}
	for _, x := range call.In[1:] {
		if x == nil || !x.Known || x.Type != tensor.Float || x.Rank() != 1 || x.Len() != call.In[0].Shape[1] {
			return nil, nil, false
		}
	}
	p := func(i int) []float32 { return slice[float32](call.In[i].Tensor) }
	eps := float64(call.Float("epsilon", 1e-5))
	for i, v := range p(4) {
		s := float64(p(1)[i]) / math.Sqrt(float64(v)+eps)
		scale = append(scale, s)
		shift = append(shift, float64(p(2)[i])-float64(float64(p(3)[i])*s))
	}
	return scale, shift, true
}

func (c *Chain) batchNorm(call *Call, x source) bool {
	scale, shift, ok := BatchNormAffine(call)
	if !ok || !c.last && len(c.shape) != 2 || !c.setPeriod(len(scale)) {
		return false
	}
	v, w := make([]float32, len(scale)), make([]float32, len(scale))
	for i := range v {
		v[i], w[i] = float32(scale[i]), float32(shift[i])
	}
	c.two(kernel.Add, c.two(kernel.Mul, x, source{kind: fromVector, data: v}), source{kind: fromVector, data: w})
	return true
}

func (c *Chain) setPeriod(n int) bool {
	if n > maxPeriod || n == 0 || c.period != 0 && c.period != n {
		return false
	}
	c.period = n
	return true
}

// source says where input i of a node comes from.
func (c *Chain) source(call *Call, in []int, i int) (s source, ok bool) {
	if i >= len(in) || in[i] < 0 || call.In[i] == nil {
		return s, false
	}
	if at, ok := c.values[in[i]]; ok {
		return source{kind: fromInstr, index: at}, true
	}
	x := call.In[i]
	if x.Len() == 1 && (x.Known || tensor.Count(c.shape) > 1) {
		if x.Known {
			return scalar(slice[float32](x.Tensor)[0]), len(x.Shape) <= len(c.shape)
		}
		if len(x.Shape) > len(c.shape) {
			return s, false
		}
		return source{kind: fromSingle, index: c.input(in[i], x, false)}, true
	}
	if sameShape(x.Shape, c.shape) || x.Len() == 1 && len(x.Shape) <= len(c.shape) {
		return source{kind: fromTensor, index: c.input(in[i], x, false)}, true
	}
	rows, ok := c.repeats(x.Shape)
	if !ok || !c.setPeriod(x.Len()/rows) {
		return s, false
	}
	if x.Known && rows == 1 {
		return source{kind: fromVector, data: slice[float32](x.Tensor)}, true
	}
	return source{kind: fromRows, index: c.input(in[i], x, true)}, true
}

func sameShape(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i, d := range a {
		if d != b[i] {
			return false
		}
	}
	return true
}

// repeats reports whether a tensor of a shape is one vector that repeats, or one for each image: rows.
func (c *Chain) repeats(shape []int) (rows int, ok bool) {
	if len(shape) > len(c.shape) {
		return 0, false
	}
	full := make([]int, len(c.shape))
	for i := range full {
		if full[i] = 1; i >= len(full)-len(shape) {
			full[i] = shape[i-len(full)+len(shape)]
		}
	}
	if c.last {
		for _, d := range full[2:] {
			if d != 1 {
				return 0, false
			}
		}
		return full[0], full[1] == c.shape[1] && (full[0] == 1 || full[0] == c.shape[0])
	}
	i := 0
	for i < len(full) && full[i] == 1 && c.shape[i] != 1 {
		i++
	}
	return 1, sameShape(full[i:], c.shape[i:])
}

func (c *Chain) input(value int, x *Operand, columns bool) int {
	for i, v := range c.Inputs {
		if v == value && c.columns[i] == columns {
			return i
		}
	}
	c.Inputs, c.In, c.columns = append(c.Inputs, value), append(c.In, x), append(c.columns, columns)
	return len(c.Inputs) - 1
}

// Columns reports whether input i is a vector for each image, so that its layout does not matter.
func (c *Chain) Columns(i int) bool { return c.columns[i] || c.In[i].Len() == 1 }

// takeReLU takes a rectification of the head away from the beginning of c, if there is one.
func (c *Chain) takeReLU() bool {
	if c == nil || len(c.instrs) == 0 || !c.instrs[0].relu || !c.isHead(&c.instrs[0].a) || c.readsHead(1) {
		return false
	}
	c.drop()
	return true
}

// takeBias takes the addition of a constant vector to the head away, and returns the vector.
func (c *Chain) takeBias() []float32 {
	if c == nil || len(c.instrs) == 0 || c.readsHead(1) {
		return nil
	}
	in := &c.instrs[0]
	if in.op != opBinary || in.binary != kernel.Add {
		return nil
	}
	x, y := &in.a, &in.b
	if c.isHead(y) {
		x, y = y, x
	}
	if !c.isHead(x) || y.kind != fromVector {
		return nil
	}
	bias := y.data
	c.drop()
	return bias
}

func (c *Chain) isHead(s *source) bool { return s.kind == fromInstr && s.index == -1 }

// readsHead reports whether an instruction from the i-th on reads the head.
func (c *Chain) readsHead(i int) bool {
	for ; i < len(c.instrs); i++ {
		if in := &c.instrs[i]; c.isHead(&in.a) || in.op.two() && c.isHead(&in.b) {
			return true
		}
	}
	return false
}

// drop takes the first instruction away, whose result then is the head.
func (c *Chain) drop() {
	c.instrs = c.instrs[1:]
	for i := range c.instrs {
		c.instrs[i].a.index -= shiftOf(&c.instrs[i].a)
		c.instrs[i].b.index -= shiftOf(&c.instrs[i].b)
	}
}

// lead adds a vector to the head before all else, and reports whether that can be. A product that begins with a large bias
// rounds every partial sum to it; one that is added last is rounded once.
func (c *Chain) lead(bias []float32) bool {
	if c == nil || len(c.instrs) == 0 || !c.setPeriod(len(bias)) {
		return false
	}
	for i := range c.instrs {
		c.instrs[i].a.index += shiftOf(&c.instrs[i].a)
		c.instrs[i].b.index += shiftOf(&c.instrs[i].b)
	}
	add := instr{op: opBinary, binary: kernel.Add, a: source{kind: fromInstr, index: -1}, b: source{kind: fromVector, data: bias}}
	c.instrs = append([]instr{add}, c.instrs...)
	return true
}

func shiftOf(s *source) int {
	if s.kind == fromInstr {
		return 1
	}
	return 0
}

// Close ends the building; the last instruction makes the result. first is how many inputs the head has. It
// returns how many bytes of work memory a run needs.
func (c *Chain) Close(first int) int {
	c.first = first
	c.chunk = chainElements
	if c.period > 0 {
		c.chunk = c.period * max(1, chainElements/c.period)
	}
	c.join()
	n := len(c.instrs)
	if n == 0 {
		return 0
	}
	dies := make([]int, n+1) // by instruction + 1: the last one that reads it
	for i := range c.instrs {
		for _, s := range []*source{&c.instrs[i].a, &c.instrs[i].b} {
			if s.kind == fromInstr && (s == &c.instrs[i].a || c.instrs[i].op.two()) {
				dies[s.index+1] = i
			}
			if s.kind == fromVector {
				s.data = repeated(s.data, c.chunk)
			}
		}
	}
	free := []int{}
	place := make([]int, n+1) // registers; 0 is the output
	c.regs = 1
	for i := range c.instrs {
		in := &c.instrs[i]
		for _, s := range []*source{&in.a, &in.b} {
			if s.kind != fromInstr || s == &in.b && !in.op.two() {
				continue
			}
			v := s.index + 1
			if s.index = place[v]; dies[v] == i && (v > 0 || c.head >= 0) && !contains(free, place[v]) {
				free = append(free, place[v])
			}
		}
		switch {
		case i == n-1:
			in.to = 0
		case len(free) > 0:
			in.to, free = free[len(free)-1], free[:len(free)-1]
		default:
			in.to = c.regs
			c.regs++
		}
		place[i+1] = in.to
	}
	rows := 0
	for _, is := range c.columns {
		if is {
			rows++
		}
	}
	room := c.chunk * (c.regs - 1 + rows)
	for i := range c.instrs {
		if c.instrs[i].op == opTanh {
			return 4 * (room + tanhRoom)
		}
	}
	return 4 * room
}

// join makes one instruction of several where there is a kernel for it.
func (c *Chain) join() {
	for i := range c.instrs {
		if in := &c.instrs[i]; in.op == opBinary && in.b.kind == fromScalar {
			switch in.binary {
			case kernel.Div: // within a unit in the last place
				if in.b.value != 0 {
					in.binary, in.b.value = kernel.Mul, float32(1/float64(in.b.value))
				}
			case kernel.Sub:
				in.binary, in.b.value = kernel.Add, -in.b.value
			}
		}
	}
	for i := 0; i < len(c.instrs); i++ {
		in := &c.instrs[i]
		if in.op == opBinary && in.a.kind != fromInstr && (in.binary == kernel.Mul || in.binary == kernel.Add || in.binary == kernel.Min || in.binary == kernel.Max) {
			in.a, in.b = in.b, in.a
		}
		if in.op != opBinary || !isConstant(&in.b) {
			continue
		}
		switch {
		case in.binary == kernel.Mul && c.feeds(i) && c.adds(i+1):
			next := &c.instrs[i+1]
			in.op, in.z = opAffine, c.full(&next.b)
			in.b = source{kind: fromVector, data: c.full(&in.b)}
			c.remove(i + 1)
		case in.binary == kernel.Add && c.feeds(i) && c.instrs[i+1].relu && c.instrs[i+1].op == opUnary:
			in.op, in.z = opAffine, c.full(&in.b)
			in.b = source{kind: fromVector, data: repeated([]float32{1}, c.chunk)}
		case in.binary == kernel.Min || in.binary == kernel.Max:
			in.b = source{kind: fromVector, data: c.full(&in.b)}
			continue
		default:
			continue
		}
		if in = &c.instrs[i]; c.feeds(i) && c.instrs[i+1].relu && c.instrs[i+1].op == opUnary {
			in.relu = true
			c.remove(i + 1)
		}
	}
}

func isConstant(s *source) bool { return s.kind == fromScalar || s.kind == fromVector }

// full returns a constant as one chunk.
func (c *Chain) full(s *source) []float32 {
	if s.kind == fromScalar {
		return repeated([]float32{s.value}, c.chunk)
	}
	return repeated(s.data, c.chunk)
}

// adds reports whether instruction i adds a constant to what is before it.
func (c *Chain) adds(i int) bool {
	in := &c.instrs[i]
	if in.op == opBinary && in.binary == kernel.Add && isConstant(&in.a) {
		in.a, in.b = in.b, in.a
	}
	return in.op == opBinary && in.binary == kernel.Add && isConstant(&in.b)
}

// feeds reports whether the result of instruction i is read by the next one, once, and by no other.
func (c *Chain) feeds(i int) bool {
	n := 0
	for k := i + 1; k < len(c.instrs); k++ {
		in := &c.instrs[k]
		for _, s := range []*source{&in.a, &in.b} {
			if s.kind == fromInstr && s.index == i && (s == &in.a || in.op == opBinary) {
				if n++; k > i+1 {
					n++
				}
			}
		}
	}
	return n == 1
}

// remove takes instruction i away, whose result then is that of the one before.
func (c *Chain) remove(i int) {
	c.instrs = append(c.instrs[:i:i], c.instrs[i+1:]...)
	for k := range c.instrs {
		for _, s := range []*source{&c.instrs[k].a, &c.instrs[k].b} {
			if s.kind == fromInstr && s.index >= i {
				s.index--
			}
		}
	}
}

func contains(list []int, v int) bool {
	for _, e := range list {
		if e == v {
			return true
		}
	}
	return false
}

// repeated returns v again and again, n elements.
func repeated(v []float32, n int) []float32 {
	r := make([]float32, n)
	for at := 0; at < n; {
		at += copy(r[at:], v)
	}
	return r
}

// run computes elements of dst, from ≤ i < to, of a multiple of the period.
func (c *Chain) run(a *Args, dst []float32, from, to int, work []float32) {
	if len(c.instrs) == 0 {
		return
	}
	image := tensor.Count(c.shape)
	if c.last {
		image /= max(1, c.shape[0])
	}
	rows := work[c.chunk*(c.regs-1):]
	current := -1
	for at := from; at < to; {
		n := at / image
		end := min(at+c.chunk, to, (n+1)*image)
		if n != current {
			current = n
			c.spread(a, rows, n)
		}
		for i := range c.instrs {
			in := &c.instrs[i]
			d := c.register(dst, work, in.to, at, end)
			if in.op == opAffine {
				kernel.Affine(d, c.fetch(a, &in.a, dst, work, rows, at, end), in.b.data[:end-at], in.z[:end-at], in.relu)
				continue
			}
			if in.op == opTanh {
				tanh32(d, c.fetch(a, &in.a, dst, work, rows, at, end), work[len(work)-tanhRoom:])
				continue
			}
			if in.op == opUnary {
				in.unary(d, c.fetch(a, &in.a, dst, work, rows, at, end))
				continue
			}
			x, xIs := c.single(a, &in.a)
			y, yIs := c.single(a, &in.b)
			switch {
			case yIs:
				kernel.BinaryScalar(in.binary, d, c.fetch(a, &in.a, dst, work, rows, at, end), y)
			case xIs:
				kernel.ScalarBinary(in.binary, d, x, c.fetch(a, &in.b, dst, work, rows, at, end))
			default:
				kernel.Binary(in.binary, d, c.fetch(a, &in.a, dst, work, rows, at, end), c.fetch(a, &in.b, dst, work, rows, at, end))
			}
		}
		at = end
	}
}

// spread repeats the vectors of image n.
func (c *Chain) spread(a *Args, rows []float32, n int) {
	for i, is := range c.columns {
		if !is {
			continue
		}
		x := slice[float32](a.In[c.first+i])
		if len(x) > c.period {
			x = x[n*c.period:][:c.period]
		}
		for at := 0; at < c.chunk; {
			at += copy(rows[at:c.chunk], x)
		}
		rows = rows[c.chunk:]
	}
}

func (c *Chain) register(dst, work []float32, r, at, end int) []float32 {
	if r == 0 {
		return dst[at:end]
	}
	return work[(r-1)*c.chunk:][:end-at]
}

func (c *Chain) single(a *Args, s *source) (float32, bool) {
	switch s.kind {
	case fromScalar:
		return s.value, true
	case fromSingle:
		return slice[float32](a.In[c.first+s.index])[0], true
	}
	return 0, false
}

func (c *Chain) fetch(a *Args, s *source, dst, work, rows []float32, at, end int) []float32 {
	switch s.kind {
	case fromInstr:
		return c.register(dst, work, s.index, at, end)
	case fromVector:
		return s.data[:end-at]
	case fromTensor:
		return slice[float32](a.In[c.first+s.index])[at:end]
	}
	k := 0
	for i := range s.index {
		if c.columns[i] {
			k++
		}
	}
	return rows[k*c.chunk:][:end-at]
}

// Alone returns the kernel of a chain without a head, after [Chain.Close].
func (c *Chain) Alone(work int) Kernel {
	n := tensor.Count(c.shape)
	units, cost := (n+c.chunk-1)/c.chunk, float64(n)*float64(perElement*len(c.instrs))
	part := func(a *Args, work []float32, from, to int) {
		c.run(a, slice[float32](a.Out[0]), from*c.chunk, min(to*c.chunk, n), work)
	}
	return func(a *Args) error {
		a.divide(units, cost, work, part)
		return nil
	}
}

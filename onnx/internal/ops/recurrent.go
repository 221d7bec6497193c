package ops

import (
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Recurrent layers: LSTM with peepholes, coupled gates and any activations, GRU with the reset gate before or
// behind the product, and RNN.

func init() {
	register("LSTM", recurrentOf(lstmCell), 1, 7, 14, 22)
	register("GRU", recurrentOf(gruCell), 1, 3, 7, 14, 22)
	register("RNN", recurrentOf(rnnCell), 1, 7, 14, 22)
}

// A cellKind is which of the three layers it is.
type cellKind int

const (
	lstmCell cellKind = iota
	gruCell
	rnnCell
)

func (k cellKind) gates() int { return [...]int{4, 3, 1}[k] }

// defaults returns the activations of a direction unless the node says it.
func (k cellKind) defaults() []string {
	return [...][]string{{"Sigmoid", "Tanh", "Tanh"}, {"Sigmoid", "Tanh"}, {"Tanh"}}[k]
}

// A recurrentNode is a node, for one combination of shapes.
type recurrentNode struct {
	kind                     cellKind
	seq, batch, in, size     int // size is that of the state
	dirs                     int
	forward                  bool // the first direction is
	xStep, xBatch            int  // distances in the input
	yStep, yBatch, yDir      int  // in the output
	sDir, sBatch             int  // in the states
	activations              [][]activation
	clip                     float64 // 0 for none
	coupled                  bool    // the forget gate is what the input gate leaves
	linearBeforeReset        bool
	hasBias, hasPeep         bool
	chunk                    int // steps for which products of the input are computed at a time
	packedInput, packedState any // []*gemm.Packed[T] by direction, or nil
}

// chunkElements is how many products of the input are computed at a time, about: so many that they stay in the
// second-level cache.
const chunkElements = 1 << 16

func recurrentOf(kind cellKind) func(*Call) {
	return func(c *Call) {
		x := c.Input(0, tensor.Float, tensor.Double)
		r := newRecurrent(c, kind)
		if r.isUsual(c) {
			c.Kernel, c.Work = r.layered(c)
			return
		}
		c.Work = x.Type.Bytes(r.chunk*r.batch*kind.gates()*r.size + r.scratch())
		if x.Type == tensor.Float {
			r.pack(c, packWeights[float32])
			c.Kernel = recurrentKernel[float32](r)
			return
		}
		r.pack(c, packWeights[float64])
		c.Kernel = recurrentKernel[float64](r)
	}
}

// scratch is how many elements a step needs: products of the state, the state, the cells, and r·h.
func (r *recurrentNode) scratch() int { return r.batch * r.size * (r.kind.gates() + 3) }

func newRecurrent(c *Call, kind cellKind) *recurrentNode {
	x, w, h := c.Input(0), c.Input(1), c.Input(2)
	if x.Rank() != 3 || w.Rank() != 3 || h.Rank() != 3 || w.Type != x.Type || h.Type != x.Type {
		c.Fail("inputs %v, %v and %v", x, w, h)
	}
	r := &recurrentNode{kind: kind, seq: x.Shape[0], batch: x.Shape[1], in: x.Shape[2], dirs: 1, forward: true, size: h.Shape[2]}
	gates := kind.gates()
	switch direction := c.String("direction", "forward"); direction {
	case "forward":
	case "reverse":
		r.forward = false
	case "bidirectional":
		r.dirs = 2
	default:
		c.Fail("attribute \"direction\" is %q", direction)
	}
	batchFirst := c.Int("layout", 0) != 0
	if batchFirst {
		r.seq, r.batch = r.batch, r.seq
	}
	if n, ok := c.Attrs["hidden_size"]; ok && int(n.I) != r.size || r.size == 0 {
		c.Fail("attribute \"hidden_size\" and weights %v", h)
	}
	rows := gates * r.size
	wants := func(i int, shape ...int) bool {
		if !c.Has(i) {
			return false
		}
		if v := c.In[i]; v.Type != x.Type || !equal(v.Shape, shape) {
			c.Fail("input %d is %v, want %s", i, v, tensor.ShapeText(shape))
		}
		return true
	}
	wants(1, r.dirs, rows, r.in)
	wants(2, r.dirs, rows, r.size)
	r.hasBias = wants(3, r.dirs, 2*rows)
	if c.Has(4) {
		if v := c.Input(4, tensor.Int32); !equal(v.Shape, []int{r.batch}) {
			c.Fail("input 4 is %v for a batch of %d", v, r.batch)
		}
	}
	n := r.size
	if _, ok := tensor.CheckedCount([]int{r.seq, r.dirs, r.batch, rows, 2}, 64); !ok {
		c.Fail("inputs %v and %v", x, w)
	}
	output, state := []int{r.seq, r.dirs, r.batch, n}, []int{r.dirs, r.batch, n}
	r.xStep, r.xBatch = r.batch*r.in, r.in
	r.yStep, r.yDir, r.yBatch = r.dirs*r.batch*n, r.batch*n, n
	r.sDir, r.sBatch = r.batch*n, n
	if batchFirst {
		output, state = []int{r.batch, r.seq, r.dirs, n}, []int{r.batch, r.dirs, n}
		r.xStep, r.xBatch = r.in, r.seq*r.in
		r.yStep, r.yDir, r.yBatch = r.dirs*n, n, r.seq*r.dirs*n
		r.sDir, r.sBatch = n, r.dirs*n
	}
	wants(5, state...)
	c.Declare(0, x.Type, output...)
	c.Declare(1, x.Type, state...)
	if kind == lstmCell {
		wants(6, state...)
		r.hasPeep = wants(7, r.dirs, 3*n)
		c.Declare(2, x.Type, state...)
		r.coupled = c.Int("input_forget", 0) != 0
	}
	r.linearBeforeReset = c.Int("linear_before_reset", 0) != 0
	if r.clip = float64(c.Float("clip", 0)); r.clip < 0 {
		c.Fail("attribute \"clip\" is %v", r.clip)
	}
	r.readActivations(c)
	per := max(1, r.batch*rows)
	r.chunk = min(r.seq, max(1, chunkElements/per, (16+max(1, r.batch)-1)/max(1, r.batch)))
	return r
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// readActivations reads the functions of all directions, and their parameters, which stand one after the
// other for those functions that have any.
func (r *recurrentNode) readActivations(c *Call) {
	names, ok := c.Strings("activations")
	per := len(r.kind.defaults())
	if !ok || len(names) == 0 {
		for range r.dirs {
			names = append(names, r.kind.defaults()...)
		}
	}
	if len(names) != r.dirs*per {
		c.Fail("activations %q for %d directions", names, r.dirs)
	}
	alphas, _ := c.Floats("activation_alpha")
	betas, _ := c.Floats("activation_beta")
	for d := range r.dirs {
		var list []activation
		for _, name := range names[d*per : (d+1)*per] {
			a, ok := activations[lower(name)]
			if !ok {
				c.Unsupported("activation %q", name)
			}
			if a.hasAlpha && len(alphas) > 0 {
				a.alpha, alphas = float64(alphas[0]), alphas[1:]
			}
			if a.hasBeta && len(betas) > 0 {
				a.beta, betas = float64(betas[0]), betas[1:]
			}
			list = append(list, a)
		}
		r.activations = append(r.activations, list)
	}
}

// pack packs weights that are constants, once for each node.
func (r *recurrentNode) pack(c *Call, pack func(w *tensor.Tensor, dirs, from, rows, columns int) any) {
	rows := r.kind.gates() * r.size
	if w := c.In[1]; w.Fixed && r.in > 0 {
		r.packedInput = c.Once("input", func() any { return pack(w.Tensor, r.dirs, 0, rows, r.in) })
	}
	if w := c.In[2]; w.Fixed && !r.splits() {
		r.packedState = c.Once("state", func() any { return pack(w.Tensor, r.dirs, 0, rows, r.size) })
	} else if w.Fixed {
		r.packedState = c.Once("state", func() any {
			return [2]any{pack(w.Tensor, r.dirs, 0, 2*r.size, r.size), pack(w.Tensor, r.dirs, 2*r.size, r.size, r.size)}
		})
	}
}

// splits reports whether the product of the state is two: that of the last gate comes later.
func (r *recurrentNode) splits() bool { return r.kind == gruCell && !r.linearBeforeReset }

// packWeights packs, for each direction, rows of a weight, transposed.
func packWeights[T kernel.Float](w *tensor.Tensor, dirs, from, rows, columns int) any {
	var list []*gemm.Packed[T]
	all := tensor.Slice[T](w)
	for d := range dirs {
		own := all[(d*w.Shape[1]+from)*columns:][:rows*columns]
		list = append(list, gemm.Pack(own, columns, rows, 1, columns))
	}
	return list
}

// A weight is a matrix of one direction, packed or not; a product is of rows with its transpose.
type weight[T kernel.Float] struct {
	packed  *gemm.Packed[T]
	plain   []T
	n, k    int // rows and columns of the matrix
	biasing []T // or nil
}

// mul sets m rows of c to the products of rows of a.
func (w *weight[T]) mul(c []T, ldc int, a []T, lda, m int) {
	if w.packed != nil {
		w.packed.Mul(c, ldc, a, lda, m, w.biasing, gemm.None)
		return
	}
	if w.k == 0 {
		for i := range m {
			clear(c[i*ldc : i*ldc+w.n])
		}
	} else {
		product(c, ldc, a, lda, 1, w.plain, 1, w.k, m, w.k, w.n)
	}
	if w.biasing != nil {
		for i := range m {
			kernel.Binary(kernel.Add, c[i*ldc:i*ldc+w.n], c[i*ldc:i*ldc+w.n], w.biasing)
		}
	}
}

// A pass is one direction of a run.
type pass[T kernel.Float] struct {
	*recurrentNode
	dir                      int
	forward                  bool
	x, y                     []T // y is nil if it is not wanted
	input, state, last       weight[T]
	peep                     []T
	lengths                  []int32
	gx, gh, hidden, cell, rh []T
}

func recurrentKernel[T kernel.Float](r *recurrentNode) Kernel {
	return func(a *Args) error {
		var p pass[T]
		p.recurrentNode, p.x = r, slice[T](a.In[0])
		if a.Out[0] != nil {
			p.y = slice[T](a.Out[0])
		}
		if l := argument(a, 4); l != nil {
			p.lengths = slice[int32](l)
			for _, n := range p.lengths {
				if n < 0 || int(n) > r.seq {
					return errIndex(int(n), r.seq)
				}
			}
		}
		n, gates := r.size, r.kind.gates()
		work := tensor.As[T](a.Work)
		p.gx, work = work[:r.chunk*r.batch*gates*n], work[r.chunk*r.batch*gates*n:]
		p.gh, work = work[:r.batch*gates*n], work[r.batch*gates*n:]
		p.hidden, work = work[:r.batch*n], work[r.batch*n:]
		p.cell, p.rh = work[:r.batch*n], work[r.batch*n:][:r.batch*n]
		for d := range r.dirs {
			p.dir, p.forward = d, r.forward && d == 0
			p.weights(a)
			p.load(p.hidden, argument(a, 5))
			p.load(p.cell, argument(a, 6))
			p.run()
			p.store(a, 1, p.hidden)
			if r.kind == lstmCell {
				p.store(a, 2, p.cell)
			}
		}
		return nil
	}
}

// argument returns input i, nil if it is left out.
func argument(a *Args, i int) *tensor.Tensor {
	if i < len(a.In) {
		return a.In[i]
	}
	return nil
}

func (p *pass[T]) weights(a *Args) {
	n, rows := p.size, p.kind.gates()*p.size
	var ofInput, ofState []T
	if b := argument(a, 3); b != nil {
		both := slice[T](b)[p.dir*2*rows:]
		ofInput, ofState = both[:rows], both[rows:2*rows]
	}
	p.input = weight[T]{plain: slice[T](a.In[1])[p.dir*rows*p.in:][:rows*p.in], n: rows, k: p.in, biasing: ofInput}
	if list, ok := p.packedInput.([]*gemm.Packed[T]); ok {
		p.input.packed = list[p.dir]
	}
	plain := slice[T](a.In[2])[p.dir*rows*n:][:rows*n]
	own := rows
	if p.splits() {
		own = 2 * n
		p.last = weight[T]{plain: plain[own*n:], n: n, k: n}
		if ofState != nil {
			p.last.biasing, ofState = ofState[own:], ofState[:own]
		}
		if list, ok := p.packedState.([2]any); ok {
			p.last.packed = list[1].([]*gemm.Packed[T])[p.dir]
		}
	}
	p.state = weight[T]{plain: plain[:own*n], n: own, k: n, biasing: ofState}
	switch list := p.packedState.(type) {
	case []*gemm.Packed[T]:
		p.state.packed = list[p.dir]
	case [2]any:
		p.state.packed = list[0].([]*gemm.Packed[T])[p.dir]
	}
	if p.peep = nil; p.hasPeep {
		p.peep = slice[T](a.In[7])[p.dir*3*n:][:3*n]
	}
}

// load sets a state to an input, or zero.
func (p *pass[T]) load(state []T, from *tensor.Tensor) {
	if from == nil {
		clear(state)
		return
	}
	n, src := p.size, slice[T](from)
	for b := range p.batch {
		copy(state[b*n:(b+1)*n], src[p.dir*p.sDir+b*p.sBatch:])
	}
}

// store sets an output to a state, if it is wanted.
func (p *pass[T]) store(a *Args, i int, state []T) {
	if i >= len(a.Out) || a.Out[i] == nil {
		return
	}
	n, dst := p.size, slice[T](a.Out[i])
	for b := range p.batch {
		copy(dst[p.dir*p.sDir+b*p.sBatch:], state[b*n:(b+1)*n])
	}
}

// length returns that of a sequence.
func (p *pass[T]) length(b int) int {
	if p.lengths == nil {
		return p.seq
	}
	return int(p.lengths[b])
}

// steps returns the steps of a sequence that are computed in the turns from i to end.
func (p *pass[T]) steps(b, i, end int) (from, to int) {
	n := p.length(b)
	i, end = min(i, n), min(end, n)
	if p.forward {
		return i, end
	}
	return n - end, n - i
}

func (p *pass[T]) run() {
	n, rows, turns := p.size, p.input.n, 0
	for b := range p.batch {
		turns = max(turns, p.length(b))
	}
	for i := 0; i < turns; i += p.chunk {
		end := min(i+p.chunk, turns)
		p.products(i, end)
		for turn := i; turn < end; turn++ {
			p.state.mul(p.gh, rows, p.hidden, n, p.batch)
			if p.kind == gruCell {
				p.resetGates(turn, i, end)
			}
			for b := range p.batch {
				t, next := p.steps(b, turn, turn+1)
				if t == next {
					continue // it has ended
				}
				from, _ := p.steps(b, i, end)
				gx, gh, h := p.gx[((t-from)*p.batch+b)*rows:][:rows], p.gh[b*rows:][:rows], p.hidden[b*n:(b+1)*n]
				switch p.kind {
				case lstmCell:
					p.lstm(gx, gh, p.cell[b*n:(b+1)*n], h)
				case gruCell:
					p.gru(gx, gh, h)
				default:
					kernel.Binary(kernel.Add, gx, gx, gh)
					p.activate(0, h, gx)
				}
				if p.y != nil {
					copy(p.y[t*p.yStep+p.dir*p.yDir+b*p.yBatch:], h)
				}
			}
		}
	}
	if p.y == nil || p.lengths == nil {
		return
	}
	for b := range p.batch {
		for t := p.length(b); t < p.seq; t++ {
			clear(p.y[t*p.yStep+p.dir*p.yDir+b*p.yBatch:][:n])
		}
	}
}

// products computes those of the input for the turns from i to end: rows by step, then sequence.
func (p *pass[T]) products(i, end int) {
	rows := p.input.n
	if p.lengths == nil && p.xStep == p.batch*p.xBatch {
		from, to := p.steps(0, i, end)
		p.input.mul(p.gx, rows, p.x[from*p.xStep:], p.xBatch, (to-from)*p.batch)
		return
	}
	for b := range p.batch {
		if from, to := p.steps(b, i, end); from < to {
			p.input.mul(p.gx[b*rows:], p.batch*rows, p.x[b*p.xBatch+from*p.xStep:], p.xStep, to-from)
		}
	}
}

// activate sets dst to function i of x, which it may change.
func (p *pass[T]) activate(i int, dst, x []T) {
	if limit := T(p.clip); limit > 0 {
		for j, v := range x {
			x[j] = min(max(v, -limit), limit)
		}
	}
	applyActivation(&p.activations[p.dir][i], dst, x)
}

// lstm is one step of one sequence, of gates i, o, f, c.
func (p *pass[T]) lstm(g, gh, cell, h []T) {
	n := len(h)
	kernel.Binary(kernel.Add, g, g, gh)
	in, out, forget, candidate := g[:n], g[n:2*n], g[2*n:3*n], g[3*n:]
	p.addPeep(in, 0, cell)
	p.activate(0, in, in)
	if p.coupled {
		for i, v := range in {
			forget[i] = 1 - v
		}
	} else {
		p.addPeep(forget, 2, cell)
		p.activate(0, forget, forget)
	}
	p.activate(1, candidate, candidate)
	kernel.Binary(kernel.Mul, in, in, candidate)
	kernel.Binary(kernel.Mul, cell, cell, forget)
	kernel.Binary(kernel.Add, cell, cell, in)
	p.addPeep(out, 1, cell)
	p.activate(0, out, out)
	copy(h, cell)
	p.activate(2, h, h)
	kernel.Binary(kernel.Mul, h, h, out)
}

// addPeep adds the cells times the weights i to a gate.
func (p *pass[T]) addPeep(gate []T, i int, cell []T) {
	if p.peep == nil {
		return
	}
	w := p.peep[i*len(gate) : (i+1)*len(gate)]
	for j, v := range cell {
		gate[j] += v * w[j]
	}
}

// resetGates computes the gates z and r of all sequences that have not ended and, where the reset gate comes
// before the product, that product.
func (p *pass[T]) resetGates(turn, i, end int) {
	n, rows := p.size, p.input.n
	for b := range p.batch {
		t, next := p.steps(b, turn, turn+1)
		if t == next {
			clear(p.rh[b*n : (b+1)*n])
			continue
		}
		from, _ := p.steps(b, i, end)
		gates := p.gx[((t-from)*p.batch+b)*rows:][:2*n]
		kernel.Binary(kernel.Add, gates, gates, p.gh[b*rows:][:2*n])
		p.activate(0, gates, gates)
		if p.splits() {
			kernel.Binary(kernel.Mul, p.rh[b*n:(b+1)*n], gates[n:], p.hidden[b*n:(b+1)*n])
		}
	}
	if p.splits() {
		p.last.mul(p.gh[2*n:], rows, p.rh, n, p.batch)
	}
}

// gru is the rest of one step of one sequence, of gates z, r, h.
func (p *pass[T]) gru(g, gh, h []T) {
	n := len(h)
	update, reset, candidate, of := g[:n], g[n:2*n], g[2*n:], gh[2*n:]
	if p.linearBeforeReset {
		kernel.Binary(kernel.Mul, of, of, reset)
	}
	kernel.Binary(kernel.Add, candidate, candidate, of)
	p.activate(1, candidate, candidate)
	// (1-z)·n + z·h as n + z·(h-n)
	kernel.Binary(kernel.Sub, h, h, candidate)
	kernel.Binary(kernel.Mul, h, h, update)
	kernel.Binary(kernel.Add, h, h, candidate)
}

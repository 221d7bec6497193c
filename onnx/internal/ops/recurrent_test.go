package ops_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A layer is a recurrent layer as the specification writes it: one sequence, one step, one element at a time, in
// float64.
type layer struct {
	op                       string
	seq, batch, in, hidden   int
	direction                string
	batchFirst, linear       bool
	coupled                  bool
	clip                     float64
	lengths                  []int32
	x, w, r, b, h0, c0, peep []float64 // b, h0, c0 and peep may be nil
	functions                []string
}

func (l *layer) gates() int { return map[string]int{"LSTM": 4, "GRU": 3, "RNN": 1}[l.op] }

func (l *layer) dirs() int {
	if l.direction == "bidirectional" {
		return 2
	}
	return 1
}

func (l *layer) apply(i int, v float64) float64 {
	if l.clip > 0 {
		v = max(-l.clip, min(l.clip, v))
	}
	switch l.functions[i] {
	case "Sigmoid":
		return 1 / (1 + math.Exp(-v))
	case "Tanh":
		return math.Tanh(v)
	case "Relu":
		return max(v, 0)
	case "HardSigmoid":
		return max(0, min(1, 0.2*v+0.5))
	case "Softsign":
		return v / (1 + math.Abs(v))
	case "LeakyRelu":
		if v < 0 {
			return 0.01 * v
		}
		return v
	}
	panic(l.functions[i])
}

// run returns the outputs Y, Y_h and Y_c.
func (l *layer) run() (y, yh, yc []float64) {
	n, gates, dirs := l.hidden, l.gates(), l.dirs()
	y, yh, yc = make([]float64, l.seq*dirs*l.batch*n), make([]float64, dirs*l.batch*n), make([]float64, dirs*l.batch*n)
	for d := range dirs {
		w, r := l.w[d*gates*n*l.in:], l.r[d*gates*n*n:]
		bias := func(i int) float64 {
			if l.b == nil {
				return 0
			}
			return l.b[d*2*gates*n+i]
		}
		peep := func(i int) float64 {
			if l.peep == nil {
				return 0
			}
			return l.peep[d*3*n+i]
		}
		for b := range l.batch {
			at := (d*l.batch + b) * n
			if l.batchFirst {
				at = (b*dirs + d) * n
			}
			h, c := make([]float64, n), make([]float64, n)
			if l.h0 != nil {
				copy(h, l.h0[at:])
			}
			if l.c0 != nil {
				copy(c, l.c0[at:])
			}
			length := l.seq
			if l.lengths != nil {
				length = int(l.lengths[b])
			}
			for turn := range length {
				t := turn
				if l.direction == "reverse" || d == 1 {
					t = length - 1 - turn
				}
				x := l.x[(t*l.batch+b)*l.in:][:l.in]
				if l.batchFirst {
					x = l.x[(b*l.seq+t)*l.in:][:l.in]
				}
				ofX := func(row int) (s float64) {
					for i, v := range x {
						s += v * w[row*l.in+i]
					}
					return s + bias(row)
				}
				ofH := func(row int, h []float64) (s float64) {
					for i, v := range h {
						s += v * r[row*n+i]
					}
					return s + bias(gates*n+row)
				}
				next, cell := make([]float64, n), make([]float64, n)
				reset, update := make([]float64, n), make([]float64, n)
				if l.op == "GRU" {
					for j := range n {
						update[j] = l.apply(0, ofX(j)+ofH(j, h))
						reset[j] = l.apply(0, ofX(n+j)+ofH(n+j, h))
					}
				}
				gated := make([]float64, n)
				for j := range n {
					gated[j] = reset[j] * h[j]
				}
				for j := range n {
					switch l.op {
					case "RNN":
						next[j] = l.apply(0, ofX(j)+ofH(j, h))
					case "GRU":
						v := ofX(2*n+j) + ofH(2*n+j, gated)
						if l.linear {
							v = ofX(2*n+j) + reset[j]*ofH(2*n+j, h)
						}
						next[j] = (1-update[j])*l.apply(1, v) + update[j]*h[j]
					case "LSTM":
						in := l.apply(0, ofX(j)+ofH(j, h)+peep(j)*c[j])
						forget := 1 - in
						if !l.coupled {
							forget = l.apply(0, ofX(2*n+j)+ofH(2*n+j, h)+peep(2*n+j)*c[j])
						}
						cell[j] = forget*c[j] + in*l.apply(1, ofX(3*n+j)+ofH(3*n+j, h))
						out := l.apply(0, ofX(n+j)+ofH(n+j, h)+peep(n+j)*cell[j])
						next[j] = out * l.apply(2, cell[j])
					}
				}
				h, c = next, cell
				if l.batchFirst {
					copy(y[((b*l.seq+t)*dirs+d)*n:], h)
				} else {
					copy(y[((t*dirs+d)*l.batch+b)*n:], h)
				}
			}
			copy(yh[at:], h)
			copy(yc[at:], c)
		}
	}
	return y, yh, yc
}

// TestRecurrent compares layers of random kinds with the specification.
func TestRecurrent(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			if seed%2 == 0 {
				testRecurrent[float32](t, r)
			} else {
				testRecurrent[float64](t, r)
			}
		})
	}
}

func testRecurrent[T float32 | float64](t *testing.T, r *rand.Rand) {
	some := func() bool { return r.IntN(2) == 0 }
	l := &layer{op: []string{"LSTM", "GRU", "RNN"}[r.IntN(3)], seq: r.IntN(7), batch: r.IntN(4), in: 1 + r.IntN(9), hidden: 1 + r.IntN(19),
		direction: []string{"forward", "reverse", "bidirectional"}[r.IntN(3)], batchFirst: some()}
	if r.IntN(10) == 0 { // more steps than are computed at a time
		l.seq, l.hidden = 90, 40
	}
	dirs, rows := l.dirs(), l.gates()*l.hidden
	attrs := map[string]any{"hidden_size": l.hidden, "direction": l.direction}
	state := []int{dirs, l.batch, l.hidden}
	shape := []int{l.seq, l.batch, l.in}
	if l.batchFirst {
		attrs["layout"] = 1
		state, shape = []int{l.batch, dirs, l.hidden}, []int{l.batch, l.seq, l.in}
	}
	in := []*tensor.Tensor{random[T](r, shape...), random[T](r, dirs, rows, l.in), random[T](r, dirs, rows, l.hidden), nil, nil, nil, nil, nil}
	for i, v := range tensor.Slice[T](in[2]) { // so that no rounding grows from step to step
		tensor.Slice[T](in[2])[i] = v / T(l.hidden)
	}
	l.x, l.w, l.r = floats[T](in[0]), floats[T](in[1]), floats[T](in[2])
	if some() {
		in[3] = random[T](r, dirs, 2*rows)
		l.b = floats[T](in[3])
	}
	if some() {
		for range l.batch {
			l.lengths = append(l.lengths, int32(r.IntN(l.seq+1)))
		}
		in[4] = tensor.From(l.lengths, l.batch)
	}
	if some() {
		in[5] = random[T](r, state...)
		l.h0 = floats[T](in[5])
	}
	outputs := 2
	if l.op == "LSTM" {
		outputs = 3
		if some() {
			in[6] = random[T](r, state...)
			l.c0 = floats[T](in[6])
		}
		if some() {
			in[7] = random[T](r, dirs, 3*l.hidden)
			l.peep = floats[T](in[7])
		}
		if l.coupled = r.IntN(4) == 0; l.coupled {
			attrs["input_forget"] = 1
		}
	} else {
		in = in[:6]
	}
	if l.linear = some(); l.linear && l.op == "GRU" {
		attrs["linear_before_reset"] = 1
	}
	if some() {
		l.clip = 0.75
		attrs["clip"] = l.clip
	}
	l.functions = map[string][]string{"LSTM": {"Sigmoid", "Tanh", "Tanh"}, "GRU": {"Sigmoid", "Tanh"}, "RNN": {"Tanh"}}[l.op]
	if some() {
		others := []string{"Relu", "HardSigmoid", "Softsign", "LeakyRelu", "Tanh", "Sigmoid"}
		var all []string
		for i := range l.functions {
			l.functions[i] = others[r.IntN(len(others))]
		}
		for range dirs {
			all = append(all, l.functions...)
		}
		attrs["activations"] = all
	}
	y, yh, yc := l.run()
	for _, constants := range []bool{false, true} {
		out := compute(t, l.op, 14, attrs, outputs, constants, in...)
		near[T](t, y, out[0], l, constants)
		near[T](t, yh, out[1], l, constants)
		if l.op == "LSTM" {
			near[T](t, yc, out[2], l, constants)
		}
	}
}

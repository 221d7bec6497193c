package nn_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
)

// recurrentReference computes an LSTM or a GRU in float64 from the formulas of its documentation:
// one layer, one direction, one sequence, one gate, one unit at a time.
type recurrentReference struct {
	lstm, resetFirst bool
	params           map[string][]float64
	in, hidden       int
	layers, dirs     int
}

func sigma(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// gate is row k·hidden+u of both products: W_i·x + b_i and W_h·h + b_h.
func (r *recurrentReference) gate(suffix string, k, u int, x, h []float64) (ofX, ofH float64) {
	row := k*r.hidden + u
	ofInput, ofHidden := r.params["weight_ih"+suffix], r.params["weight_hh"+suffix]
	for i, v := range x {
		ofX += ofInput[row*len(x)+i] * v
	}
	for i, v := range h {
		ofH += ofHidden[row*len(h)+i] * v
	}
	if b, ok := r.params["bias_ih"+suffix]; ok {
		ofX += b[row]
		ofH += r.params["bias_hh"+suffix][row]
	}
	return ofX, ofH
}

func (r *recurrentReference) step(suffix string, x, h, c []float64) (newH, newC []float64) {
	newH, newC = make([]float64, r.hidden), make([]float64, r.hidden)
	sum := func(k, u int) float64 { a, b := r.gate(suffix, k, u, x, h); return a + b }
	reset := make([]float64, r.hidden)
	if r.resetFirst {
		for u := range h {
			reset[u] = sigma(sum(0, u)) * h[u]
		}
	}
	for u := range r.hidden {
		if r.lstm {
			newC[u] = sigma(sum(1, u))*c[u] + sigma(sum(0, u))*math.Tanh(sum(2, u))
			newH[u] = sigma(sum(3, u)) * math.Tanh(newC[u])
			continue
		}
		ofX, ofH := r.gate(suffix, 2, u, x, h)
		n := math.Tanh(ofX + sigma(sum(0, u))*ofH)
		if r.resetFirst {
			_, ofReset := r.gate(suffix, 2, u, x, reset)
			n = math.Tanh(ofX + ofReset)
		}
		z := sigma(sum(1, u))
		newH[u] = (1-z)*n + z*h[u]
	}
	return newH, newC
}

// run returns the output of one sequence and changes the states of each direction of each layer.
func (r *recurrentReference) run(x [][]float64, h, c [][]float64) [][]float64 {
	for layer := range r.layers {
		y := make([][]float64, len(x))
		for d := range r.dirs {
			suffix := fmt.Sprintf("_l%d", layer)
			if d == 1 {
				suffix += "_reverse"
			}
			i := layer*r.dirs + d
			for n := range x {
				t := n
				if d == 1 {
					t = len(x) - 1 - n
				}
				h[i], c[i] = r.step(suffix, x[t], h[i], c[i])
				y[t] = append(y[t], h[i]...) // the first direction is complete before
			}
		}
		x = y
	}
	return x
}

// recurrentLayer is an LSTM or a GRU, whose state is always hidden and cell here.
type recurrentLayer struct {
	nn.Parametric
	state func(ctx context.Context, x nn.Tensor, lengths []int, h, c nn.Tensor) (y, newH, newC nn.Tensor)
	ref   recurrentReference
}

func newRecurrent(kind string, in, hidden int, r nn.Recurrence) (l recurrentLayer) {
	l.ref = recurrentReference{in: in, hidden: hidden, layers: max(1, r.Layers), dirs: 1, params: map[string][]float64{}, resetFirst: r.ResetFirst}
	if r.Bidirectional {
		l.ref.dirs = 2
	}
	if kind == "LSTM" {
		lstm := nn.NewLSTM("rnn", in, hidden, r)
		l.Parametric, l.ref.lstm = lstm, true
		l.state = func(ctx context.Context, x nn.Tensor, lengths []int, h, c nn.Tensor) (y, newH, newC nn.Tensor) {
			y, s := lstm.ForwardState(ctx, x, lengths, nn.LSTMState{Hidden: h, Cell: c})
			return y, s.Hidden, s.Cell
		}
	} else {
		gru := nn.NewGRU("rnn", in, hidden, r)
		l.Parametric = gru
		l.state = func(ctx context.Context, x nn.Tensor, lengths []int, h, _ nn.Tensor) (y, newH, newC nn.Tensor) {
			y, newH = gru.ForwardState(ctx, x, lengths, h)
			return y, newH, nn.Tensor{}
		}
	}
	for i, p := range l.Parameters() {
		scaled := randomTensor(uint64(17+i), p.Value.Shape()...)
		allocarray.MulScalar(bg, scaled, 1/float32(math.Sqrt(float64(hidden)))).CopyTo(p.Value)
		l.ref.params[p.Name[len("rnn."):]] = float64s(p.Value)
	}
	l.ParametersChanged()
	return l
}

// TestRecurrent compares both layers with the reference: sizes, layers, directions, biases, lengths and
// initial states at random.
func TestRecurrent(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for n := range 120 {
		kind := []string{"LSTM", "GRU"}[n%2]
		r := nn.Recurrence{Layers: rng.IntN(3), Bidirectional: rng.IntN(2) == 0, WithoutBias: rng.IntN(3) == 0, ResetFirst: kind == "GRU" && rng.IntN(2) == 0}
		in, hidden := 1+rng.IntN(20), 1+rng.IntN(40)
		batch, steps := 1+rng.IntN(5), 1+rng.IntN(9)
		if n%20 < 2 {
			batch, steps, hidden = 4, 130, 40 // more than are computed at a time
		}
		l := newRecurrent(kind, in, hidden, r)
		x := randomTensor(rng.Uint64(), batch, steps, in)
		states := l.ref.layers * l.ref.dirs
		var h, c nn.Tensor
		if rng.IntN(2) == 0 {
			h, c = randomTensor(rng.Uint64(), states, batch, hidden), randomTensor(rng.Uint64(), states, batch, hidden)
		}
		var lengths []int
		if rng.IntN(2) == 0 {
			for range batch {
				lengths = append(lengths, rng.IntN(steps+1))
			}
		}
		t.Run(fmt.Sprintf("%v %+v of %v lengths %v", l.Parametric, r, x.Shape(), lengths), func(t *testing.T) {
			y, newH, newC := l.state(bg, x, lengths, h, c)
			require.Equal(t, []int{batch, steps, l.ref.dirs * hidden}, y.Shape())
			require.Equal(t, []int{states, batch, hidden}, newH.Shape())
			for b := range batch {
				length := steps
				if lengths != nil {
					length = lengths[b]
				}
				wantH, wantC := make([][]float64, states), make([][]float64, states)
				for i := range states {
					wantH[i], wantC[i] = make([]float64, hidden), make([]float64, hidden)
					if h.Rank() > 0 {
						wantH[i], wantC[i] = float64s(h.Index(0, i).Index(0, b)), float64s(c.Index(0, i).Index(0, b))
					}
				}
				var rows [][]float64
				for s := range length {
					rows = append(rows, float64s(x.Index(0, b).Index(0, s)))
				}
				for s, want := range l.ref.run(rows, wantH, wantC) {
					require.InDeltaSlice(t, want, float64s(y.Index(0, b).Index(0, s)), 3e-5, "step %d of %d", s, b)
				}
				for s := length; s < steps; s++ {
					require.Equal(t, make([]float64, l.ref.dirs*hidden), float64s(y.Index(0, b).Index(0, s)))
				}
				for i := range states {
					require.InDeltaSlice(t, wantH[i], float64s(newH.Index(0, i).Index(0, b)), 3e-5)
					if l.ref.lstm {
						require.InDeltaSlice(t, wantC[i], float64s(newC.Index(0, i).Index(0, b)), 3e-5)
					}
				}
				// The same bits alone.
				one := x.Slice(0, b, b+1)
				oneH, oneC := h, c
				if h.Rank() > 0 {
					oneH, oneC = h.Slice(1, b, b+1), c.Slice(1, b, b+1)
				}
				var oneLength []int
				if lengths != nil {
					oneLength = lengths[b : b+1]
				}
				alone, aloneH, _ := l.state(bg, one, oneLength, oneH, oneC)
				require.Equal(t, y.Slice(0, b, b+1).Data(), alone.Data())
				require.Equal(t, newH.Slice(1, b, b+1).Heap().Data(), aloneH.Data())
			}
		})
	}
}

// TestRecurrentStreams: step by step from state to state gives the bits of the whole.
func TestRecurrentStreams(t *testing.T) {
	for _, kind := range []string{"LSTM", "GRU"} {
		l := newRecurrent(kind, 7, 33, nn.Recurrence{Layers: 2})
		for _, batch := range []int{1, 3} {
			x := randomTensor(3, batch, 9, 7)
			whole, wholeH, wholeC := l.state(bg, x, nil, nn.Tensor{}, nn.Tensor{})
			require.Equal(t, whole.Data(), l.Forward(bg, x).Data())
			var h, c nn.Tensor
			for at := 0; at < 9; {
				to := min(9, at+1+at%3)
				var y nn.Tensor
				before := h
				y, h, c = l.state(bg, x.Slice(1, at, to), nil, h, c)
				require.Equal(t, whole.Slice(1, at, to).Heap().Data(), y.Data())
				if before.Rank() > 0 {
					require.NotEqual(t, before.Data(), h.Data(), "the state before is the caller's")
				}
				at = to
			}
			require.Equal(t, wholeH.Data(), h.Data())
			if kind == "LSTM" {
				require.Equal(t, wholeC.Data(), c.Data())
			}
		}
	}
}

// TestRecurrentOddShapes: views, and batches and sequences of no length.
func TestRecurrentOddShapes(t *testing.T) {
	for _, kind := range []string{"LSTM", "GRU"} {
		l := newRecurrent(kind, 5, 4, nn.Recurrence{Bidirectional: true})
		x := randomTensor(3, 5, 6, 2)
		require.Equal(t, l.Forward(bg, x.Permute(2, 1, 0).Clone(bg)).Data(), l.Forward(bg, x.Permute(2, 1, 0)).Data())
		h := randomTensor(4, 2, 2, 4)
		y, same, _ := l.state(bg, allocarray.New[float32](bg, 2, 0, 5), nil, h, h)
		require.Equal(t, []int{2, 0, 8}, y.Shape())
		require.Equal(t, h.Data(), same.Data())
		y, none, _ := l.state(bg, allocarray.New[float32](bg, 0, 3, 5), nil, nn.Tensor{}, nn.Tensor{})
		require.Equal(t, []int{0, 3, 8}, y.Shape())
		require.Equal(t, []int{2, 0, 4}, none.Shape())
		swapped := h.Permute(0, 2, 1).Clone(bg).Permute(0, 2, 1) // not contiguous
		a, _, _ := l.state(bg, randomTensor(5, 2, 3, 5), nil, swapped, swapped)
		b, _, _ := l.state(bg, randomTensor(5, 2, 3, 5), nil, h, h)
		require.Equal(t, b.Data(), a.Data())
	}
}

// TestRecurrentParameters are PyTorch's, in its order and shapes.
func TestRecurrentParameters(t *testing.T) {
	var got []string
	for _, p := range nn.NewLSTM("lstm", 3, 5, nn.Recurrence{Layers: 2, Bidirectional: true}).Parameters() {
		got = append(got, fmt.Sprint(p.Name, p.Value.Shape()))
	}
	require.Equal(t, []string{
		"lstm.weight_ih_l0[20 3]", "lstm.weight_hh_l0[20 5]", "lstm.bias_ih_l0[20]", "lstm.bias_hh_l0[20]",
		"lstm.weight_ih_l0_reverse[20 3]", "lstm.weight_hh_l0_reverse[20 5]", "lstm.bias_ih_l0_reverse[20]", "lstm.bias_hh_l0_reverse[20]",
		"lstm.weight_ih_l1[20 10]", "lstm.weight_hh_l1[20 5]", "lstm.bias_ih_l1[20]", "lstm.bias_hh_l1[20]",
		"lstm.weight_ih_l1_reverse[20 10]", "lstm.weight_hh_l1_reverse[20 5]", "lstm.bias_ih_l1_reverse[20]", "lstm.bias_hh_l1_reverse[20]",
	}, got)
	got = nil
	for _, p := range nn.NewGRU("g", 3, 5, nn.Recurrence{WithoutBias: true}).Parameters() {
		got = append(got, fmt.Sprint(p.Name, p.Value.Shape()))
	}
	require.Equal(t, []string{"g.weight_ih_l0[15 3]", "g.weight_hh_l0[15 5]"}, got)
}

func TestRecurrentRefuses(t *testing.T) {
	l := nn.NewLSTM("l", 3, 5, nn.Recurrence{Layers: 2, Bidirectional: true})
	require.Equal(t, `LSTM "l" 3→10 in 2 layers in both directions`, l.String())
	require.Equal(t, `GRU "g" 3→5`, nn.NewGRU("g", 3, 5, nn.Recurrence{}).String())
	x := randomTensor(1, 2, 4, 3)
	require.PanicsWithValue(t, `nn: LSTM "l" 3→10 in 2 layers in both directions: input of shape 2×4: takes samples of steps×3, not 4`,
		func() { l.Forward(bg, randomTensor(1, 2, 4)) })
	require.PanicsWithValue(t, `nn: LSTM "l" 3→10 in 2 layers in both directions: 1 lengths for a batch of 2`,
		func() { l.ForwardState(bg, x, []int{1}, nn.LSTMState{}) })
	require.PanicsWithValue(t, `nn: LSTM "l" 3→10 in 2 layers in both directions: length 5 of sequence 1, which has 4 steps`,
		func() { l.ForwardState(bg, x, []int{4, 5}, nn.LSTMState{}) })
	require.PanicsWithValue(t, `nn: LSTM "l" 3→10 in 2 layers in both directions: cell state of shape 4×2×4, want 4×2×5`,
		func() {
			l.ForwardState(bg, x, nil, nn.LSTMState{Hidden: randomTensor(1, 4, 2, 5), Cell: randomTensor(1, 4, 2, 4)})
		})
	require.PanicsWithValue(t, `nn: NewGRU "g": sizes 0 and 5 and 1 layers must be positive`, func() { nn.NewGRU("g", 0, 5, nn.Recurrence{}) })
	require.Panics(t, func() { nn.NewLSTM("l", 1, 1, nn.Recurrence{Layers: -1}) })
	require.Panics(t, func() { nn.NewLSTM("l", 1, 1, nn.Recurrence{ResetFirst: true}) })

	c, err := nn.NewChain([]int{4, 3}, l, nn.LastStep{}, nn.NewDense("fc", 10, 2))
	require.NoError(t, err)
	require.Equal(t, []int{2, 2}, c.Forward(bg, x).Shape())
	require.Equal(t, l.Forward(bg, x).Index(1, 3).Heap().Data(), nn.LastStep{}.Forward(bg, l.Forward(bg, x)).Heap().Data())
	require.Panics(t, func() { nn.LastStep{}.Forward(bg, randomTensor(1, 2, 3)) })
	require.Panics(t, func() { nn.LastStep{}.Forward(bg, randomTensor(1, 2, 0, 3)) })
	_, err = nn.NewChain([]int{4, 2}, l)
	require.EqualError(t, err, `nn: layer 0, LSTM "l" 3→10 in 2 layers in both directions: takes samples of steps×3, not 4×2`)
}

// TestRecurrentExtremes: gates far outside of where they change keep or forget exactly, and NaN
// stays in its sequence.
func TestRecurrentExtremes(t *testing.T) {
	l := nn.NewLSTM("l", 1, 1, nn.Recurrence{})
	bias := l.Parameters()[2].Value
	copy(bias.Data(), []float32{-200, 200, 0, 200}) // i = 0, f = 1, o = 1
	l.ParametersChanged()
	keep := allocarray.Wrap([]float32{0.75, 0.75}, 1, 2, 1)
	x := allocarray.Wrap([]float32{1, 2, 3, 1, 2, 3}, 2, 3, 1)
	_, s := l.ForwardState(bg, x, nil, nn.LSTMState{Cell: keep})
	require.Equal(t, keep.Data(), s.Cell.Data())

	for _, kind := range []string{"LSTM", "GRU"} {
		l := newRecurrent(kind, 3, 20, nn.Recurrence{Layers: 2})
		x := randomTensor(1, 3, 4, 3)
		want := l.Forward(bg, x).Heap()
		x.Set(float32(math.NaN()), 1, 2, 0)
		got := l.Forward(bg, x)
		for _, b := range []int{0, 2} {
			require.Equal(t, want.Index(0, b).Data(), got.Index(0, b).Data())
		}
		require.Equal(t, want.Index(0, 1).Slice(0, 0, 2).Data(), got.Index(0, 1).Slice(0, 0, 2).Data())
		require.True(t, !slices.ContainsFunc(got.Index(0, 1).Slice(0, 2, 4).Data(), func(v float32) bool { return v == v }))
	}
}

package onnx_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A hostile is a file made to do harm, with what a run of it takes.
type hostile struct {
	name string
	file []byte
	in   []onnx.Tensor
	want string // of the error; empty if there is none
	over bool   // the error is of exhausted memory
}

// hostiles are files that have, each, once ended a process, kept it busy for ever, or made it panic.
func hostiles() (list []hostile) {
	add := func(name string, g graph, want string, in ...onnx.Tensor) {
		list = append(list, hostile{name: name, file: g.model(17), in: in, want: want})
	}
	over := func(name string, g graph, in ...onnx.Tensor) {
		list = append(list, hostile{name: name, file: g.model(17), in: in, want: "out of memory", over: true})
	}
	x := onnx.From([]float32{1, 2, 3}, 3)
	big := int64s("s", 1<<38)
	one := floats("w", []int64{1}, 1)

	// What a file says is computed when it is compiled, or planned.
	over("ConstantOfShape", single(op{name: "ConstantOfShape", in: names("s"), out: names("y")}, big))
	over("Range", single(op{name: "Range", in: names("a", "b", "c"), out: names("y")}, scalar64("a", 0), scalar64("b", 1<<39), scalar64("c", 1)))
	over("Expand", single(op{name: "Expand", in: names("w", "s"), out: names("y")}, one, big))
	over("Tile", single(op{name: "Tile", in: names("w", "s"), out: names("y")}, one, big))
	over("OneHot", single(op{name: "OneHot", in: names("i", "d", "v"), out: names("y")}, int64s("i", 1), scalar64("d", 1<<38), floats("v", []int64{2}, 0, 1)))
	shaped := graph{nodes: []op{{name: "ConstantOfShape", in: names("s"), out: names("c")}, {name: "ReduceSum", in: names("c"), out: names("y")}},
		in: []port{{"s", 7, []int64{1}}}, out: []port{{name: "y"}}}
	over("shape from the input", shaped, onnx.From([]int64{2 << 30}, 1))
	many := graph{constants: []constant{int64s("s", 25_000_000)}}
	for i := range 20 {
		many.nodes = append(many.nodes, op{name: "ConstantOfShape", in: names("s"), out: names(fmt.Sprint("c", i))})
		many.out = append(many.out, port{name: fmt.Sprint("c", i)})
	}
	over("20 constants", many)
	add("work of TopK", single(op{name: "TopK", in: names("w", "k"), out: names("y", "i")}, nothing("w", 0, 1, 1<<30, 1), int64s("k", 1<<20)), "the first 1048576 along axis 3")
	over("work of MeanVarianceNormalization", single(op{name: "MeanVarianceNormalization", in: names("w"), out: names("y")}, nothing("w", 0, 1<<30, 1, 1)))
	wide := graph{nodes: []op{{name: "Pad", in: names("x", "p"), out: names("y")}}, constants: []constant{int64s("p", 1<<26-3, 0)}, in: []port{{"x", 1, []int64{-1}}}, out: []port{{name: "y"}}}
	over("Pad", wide, x)
	resized := graph{nodes: []op{{name: "Resize", in: names("x", "", "", "p"), out: names("y"), attrs: map[string]any{"mode": "linear"}}}, constants: []constant{int64s("p", 1<<24)},
		in: []port{{"x", 1, []int64{-1}}}, out: []port{{name: "y"}}}
	add("Resize", resized, "an axis from 3 to 16777216 elements", x)

	// Shapes of nothing, with loops around it.
	add("extents around nothing", single(op{name: "EyeLike", in: names("w"), out: names("y")}, nothing("w", 1<<50, 0)), "impossible shape [1125899906842624 0]")
	around := nothing("w", 1<<31, 0)
	for _, o := range []op{
		{name: "EyeLike", in: names("w")}, {name: "CumSum", in: names("w", "axis")}, {name: "Concat", in: names("w", "w"), attrs: map[string]any{"axis": 1}},
		{name: "Gather", in: names("w", "none"), attrs: map[string]any{"axis": 1}}, {name: "Softmax", in: names("w")}, {name: "MatMul", in: names("w", "left")},
	} {
		if o.out = names("y"); o.name == "MatMul" {
			add("MatMul over nothing", single(o, nothing("w", 1<<30, 0, 2), nothing("left", 2, 0)), "")
			continue
		}
		add(o.name+" over nothing", single(o, around, scalar64("axis", 1), int64s("none")), "")
	}
	add("Split over nothing", single(op{name: "Split", in: names("w"), out: names("y", "z"), attrs: map[string]any{"axis": 1}}, nothing("w", 1<<30, 2, 0)), "")
	add("TopK over nothing", single(op{name: "TopK", in: names("w", "k"), out: names("y", "i")}, around, int64s("k", 0)), "")
	add("Einsum over nothing", single(op{name: "Einsum", in: names("w", "w"), out: names("y"), attrs: map[string]any{"equation": "ij,ik->i"}}, nothing("w", 1<<50, 0)), "impossible shape")

	// Work that overflows.
	for _, name := range []string{"LRN", "Conv", "ConvTranspose", "ConvInteger"} {
		w, k := nothing("w", 0, 1, 1<<30, 1<<28), floats("k", []int64{1, 1, 1, 1}, 1)
		o := op{name: name, in: names("w", "k"), out: names("y")}
		switch name {
		case "LRN":
			o.in, o.attrs = names("w"), map[string]any{"size": 3}
		case "ConvInteger":
			w.typ, k.typ, k.raw = 2, 2, []byte{1}
		}
		add("work of "+name, single(o, w, k), "impossible shape")
	}

	// Loops.
	loop := func(body graph, constants ...constant) graph {
		body.in = append([]port{{"it", 7, []int64{}}, {"c", 9, []int64{}}}, body.in...)
		body.nodes = append(body.nodes, op{name: "Identity", in: names("c"), out: names("on")})
		body.out = append([]port{{name: "on"}}, body.out...)
		in := names("n", "")
		if len(body.in) > 2 {
			in = names("n", "", "first")
		}
		return graph{nodes: []op{{name: "Expand", in: names("x", "wide"), out: names("big")}, {name: "SequenceEmpty", out: names("none")},
			{name: "Loop", in: in, out: names("y"), attrs: map[string]any{"body": body}}},
			constants: append([]constant{scalar64("n", 1<<62), int64s("wide", 100_000, 3)}, constants...), in: []port{{"x", 1, []int64{-1}}}, out: []port{{name: "y"}}}
	}
	over("Loop that stacks", loop(graph{nodes: []op{{name: "Neg", in: names("big"), out: names("v")}}, out: []port{{name: "v"}}}), x)
	over("Loop that stacks little", loop(graph{nodes: []op{{name: "Neg", in: names("x"), out: names("v")}}, out: []port{{name: "v"}}}), x)
	over("Loop that doubles", loop(graph{nodes: []op{{name: "Concat", in: names("a", "a"), out: names("v"), attrs: map[string]any{"axis": 0}}},
		in: []port{{"a", 1, []int64{-1}}}, out: []port{{name: "v"}}}, floats("first", []int64{1}, 1)), x)
	inserts := loop(graph{nodes: []op{{name: "SequenceInsert", in: names("a", "big"), out: names("v")}}, in: []port{{name: "a"}}, out: []port{{name: "v"}}})
	inserts.nodes[2].in[2] = "none"
	over("Loop that inserts", inserts, x)
	little := loop(graph{nodes: []op{{name: "SequenceInsert", in: names("a", "x"), out: names("v")}}, in: []port{{name: "a"}}, out: []port{{name: "v"}}})
	little.nodes[2].in[2] = "none"
	over("Loop that inserts little", little, x)
	add("Loop without turns", loop(graph{out: []port{{"x", 1, []int64{1 << 62, 1 << 62}}}, nodes: []op{{name: "Neg", in: names("big"), out: names("v")}}}), "out of memory", x)
	piece := graph{nodes: []op{{name: "Shape", in: names("w"), out: names("v")}}, in: []port{{name: "e"}}, out: []port{{name: "v"}}}
	list = append(list, hostile{name: "Scan with zeros behind", want: "out of memory", over: true, file: graph{
		nodes:     []op{{name: "Scan", in: names("len", "h"), out: names("y"), attrs: map[string]any{"num_scan_inputs": 1, "body": piece}}},
		constants: []constant{nothing("h", 1, 1<<31, 0), int64s("len", 1), one}, out: []port{{name: "y"}}}.model(8)})

	// Sequences.
	seq := func(nodes ...op) graph {
		return graph{nodes: nodes, constants: []constant{nothing("empty", 1<<31, 0), one}, in: []port{{"x", 1, []int64{-1}}}, out: []port{{name: "y"}}}
	}
	over("SplitToSequence of nothing", seq(op{name: "SplitToSequence", in: names("empty"), out: names("s")}, op{name: "SequenceLength", in: names("s"), out: names("y")}), x)
	two := op{name: "SequenceConstruct", in: names("x", "x"), out: names("s")}
	add("ConcatFromSequence new_axis", seq(two, op{name: "ConcatFromSequence", in: names("s"), out: names("y"), attrs: map[string]any{"new_axis": 1000, "axis": 500}}), `attribute "new_axis" is 1000`, x)
	add("ConcatFromSequence axis", seq(two, op{name: "ConcatFromSequence", in: names("s"), out: names("y"), attrs: map[string]any{"new_axis": 1, "axis": 2}}), "axis 2 of rank 2", x)
	two.out = names("y")
	add("a sequence as an output", seq(two), `node "y": output of opset 17: a sequence`, x)

	// Inputs and outputs that are not there.
	branches := map[string]any{"then_branch": graph{}, "else_branch": graph{}}
	add("If without input", single(op{name: "If", out: names("y"), attrs: branches}), "input 0 is missing")
	add("If of nothing", single(op{name: "If", in: names(""), out: names("y"), attrs: branches}), "input 0 is missing")
	add("TopK with one output", single(op{name: "TopK", in: names("w", "k"), out: names("y")}, one, int64s("k", 1)), "1 outputs, want 2")
	for n := 1; n < 3; n++ {
		add(fmt.Sprintf("DynamicQuantizeLinear with %d outputs", n), single(op{name: "DynamicQuantizeLinear", in: names("w"), out: names("y", "s")[:n]}, one), fmt.Sprintf("%d outputs, want 3", n))
	}
	for _, name := range []string{"GlobalAveragePool", "GlobalMaxPool"} {
		add(name+" of nothing", single(op{name: name, in: names(""), out: names("y")}), "input 0 is missing")
	}

	// Files that say the same over and over.
	leaf := op{name: "Concat", in: strings.Split(strings.Repeat("a", 2000), ""), out: names("b"), attrs: map[string]any{"axis": 0}}
	list = append(list, hostile{name: "functions with edges", file: doubled(leaf), want: "functions and bodies repeat more than"})
	branch := graph{out: []port{{name: "a"}}}
	for i := range 300 {
		branch.constants = append(branch.constants, nothing(fmt.Sprint(i), 0))
	}
	leaf = op{name: "If", in: names("a"), out: names("b"), attrs: map[string]any{"then_branch": branch}}
	list = append(list, hostile{name: "functions with constants", file: doubled(leaf), want: "functions and bodies repeat more than"})
	deep := graph{nodes: []op{{name: "Concat", out: names("y"), attrs: map[string]any{"axis": 0}}}, out: []port{{name: "y"}}}
	var outer graph
	for i := range 20_000 {
		outer.constants = append(outer.constants, nothing(fmt.Sprintf("%x", i), 0))
		deep.nodes[0].in = append(deep.nodes[0].in, fmt.Sprintf("%x", i))
	}
	for range 40 {
		deep = graph{nodes: []op{{name: "If", in: names("0"), out: names("y"), attrs: map[string]any{"then_branch": deep}}}, out: []port{{name: "y"}}}
	}
	outer.nodes, outer.out = deep.nodes, deep.out
	add("bodies with captures", outer, "functions and bodies repeat more than")
	var sparse graph
	for i := range 20 {
		b := bytesField(nil, 1, constant{name: fmt.Sprint("s", i), typ: 15, dims: []int64{0}}.encode())
		sparse.sparse = append(sparse.sparse, intField(bytesField(b, 2, int64s("").encode()), 3, 1<<24))
	}
	add("sparse constants", sparse, "the sparse constants stand for more than")
	return list
}

// doubled is a model with functions each of which uses the one before twice; the first one is n.
func doubled(n op) []byte {
	functions := []function{{name: "f0", nodes: []op{n}}}
	for i := 1; i < 15; i++ {
		before := fmt.Sprint("f", i-1)
		functions = append(functions, function{name: fmt.Sprint("f", i), nodes: []op{{name: before, domain: "f", in: names("a"), out: names("c")}, {name: before, domain: "f", in: names("a"), out: names("b")}}})
	}
	g := graph{nodes: []op{{name: "f14", domain: "f", in: names("x"), out: names("y")}}, in: []port{{"x", 1, []int64{-1}}}, out: []port{{name: "y"}}}
	return g.model(17, functions...)
}

// limit is how much memory the runs of these tests get.
const limit = 1 << 20

// through loads a file, compiles it and runs it with little memory, as is advised for files of strangers.
func through(ctx context.Context, file []byte, in []onnx.Tensor) error {
	m, err := load(file)
	if err != nil {
		return err
	}
	p, err := m.Compile(onnx.Constants(16 << 20))
	if err != nil {
		return err
	}
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		_, err := p.Run(ctx, in...)
		return err
	})
}

// TestHostileFiles goes through files made to do harm: each ends with the error that says what is wrong, or that the memory of
// the context is exhausted, without a panic and without much memory beside that of the context.
func TestHostileFiles(t *testing.T) {
	for _, c := range hostiles() {
		t.Run(c.name, func(t *testing.T) {
			buffer := bumper.NewAllocBuffer(limit)
			ctx := scope.WithAllocator(t.Context(), buffer)
			runtime.GC()
			peak := watchHeap()
			err := through(ctx, c.file, c.in)
			// Garbage is not collected at once, so this is coarse; the files ask for gigabytes.
			assert.Less(t, peak(), uint64((64<<20)+50*len(c.file)), "bytes on the Go heap")
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			if c.over {
				assert.ErrorIs(t, err, scope.ErrExhausted)
			}
			assert.NotContains(t, err.Error(), "a check is missing")
		})
	}
}

// TestConstants: what Compile computes is no longer computed by runs, and what it may not is, with their memory.
func TestConstants(t *testing.T) {
	made := graph{constants: []constant{int64s("s", 8_000_000)}, in: []port{{"x", 1, []int64{-1}}}, out: []port{{name: "y"}},
		nodes: []op{{name: "ConstantOfShape", in: names("s"), out: names("c")}, {name: "ReduceMax", in: names("c"), out: names("m"), attrs: map[string]any{"keepdims": 0}}, {name: "Add", in: names("x", "m"), out: names("y")}}}
	m, err := load(made.model(17))
	require.NoError(t, err)
	run := func(options ...onnx.Option) error {
		p, err := m.Compile(options...)
		require.NoError(t, err)
		ctx := scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(limit))
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			_, err := p.Run(ctx, onnx.From([]float32{1, 2, 3}, 3))
			return err
		})
	}
	require.NoError(t, run())
	require.NoError(t, run(onnx.Constants(64<<20)))
	require.ErrorIs(t, run(onnx.Constants(16<<20)), scope.ErrExhausted)
	require.ErrorIs(t, run(onnx.Constants(0)), scope.ErrExhausted)
}

// watchHeap looks at the size of the heap from time to time; the function that it returns ends that, and tells by how much it
// has grown at most.
func watchHeap() func() uint64 {
	heap := func() uint64 {
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	first, end, most := heap(), make(chan struct{}), make(chan uint64)
	go func() {
		top := first
		for {
			top = max(top, heap())
			select {
			case <-end:
				most <- max(top, heap()) - first
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(end); return <-most }
}

// TestNegativePads: a convolution may leave out the border of its input.
func TestNegativePads(t *testing.T) {
	x, w := make([]float32, 3*4*3), make([]float32, 27)
	for i := range x {
		x[i] = float32(i%7) - 2
	}
	for i := range w {
		w[i] = float32(i%5) - 1
	}
	g := graph{nodes: []op{{name: "Conv", in: names("x", "w"), out: names("y"), attrs: map[string]any{"pads": []int64{0, -1, 2, 2}, "strides": []int64{2, 1}, "dilations": []int64{2, 2}}},
		{name: "Slice", in: names("x", "from", "to"), out: names("inner")},
		{name: "Conv", in: names("inner", "w"), out: names("z"), attrs: map[string]any{"pads": []int64{0, 0, 2, 2}, "strides": []int64{2, 1}, "dilations": []int64{2, 2}}}},
		constants: []constant{floats("w", []int64{3, 3, 1, 1}, w[:9]...), int64s("from", 0, 0, 0, 1), int64s("to", 1, 3, 4, 3)},
		in:        []port{{"x", 1, []int64{-1, -1, -1, -1}}}, out: []port{{name: "y"}, {name: "z"}}}
	m, err := load(g.model(17))
	require.NoError(t, err)
	p, err := m.Compile()
	require.NoError(t, err)
	out, err := p.Run(context.Background(), onnx.From(x, 1, 3, 4, 3))
	require.NoError(t, err)
	assert.Equal(t, onnx.Data[float32](out.At(1)), onnx.Data[float32](out.At(0)))
	assert.Equal(t, []int{1, 3, 3, 4}, out.At(0).Shape())
}

// TestBindStale: a tensor whose scope has ended cannot be bound.
func TestBindStale(t *testing.T) {
	m, err := load(relu)
	require.NoError(t, err)
	p, err := m.Compile()
	require.NoError(t, err)
	var kept onnx.Tensor
	ctx := scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(1<<16))
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		out, err := p.Run(ctx, onnx.From([]float32{1, 2, 3}, 3))
		kept = out.At(0)
		return err
	}))
	defer func() {
		err, _ := recover().(error)
		assert.ErrorIs(t, err, scope.ErrStale)
		assert.ErrorContains(t, err, "Bind of float[3]")
	}()
	_, _ = m.Compile(onnx.Bind(kept.Named("x")))
	t.Error("no panic")
}

// FuzzLoad expects errors, and no panic, from damaged files.
func FuzzLoad(f *testing.F) {
	f.Add(relu)
	for _, c := range hostiles() {
		if len(c.file) < 1<<14 {
			f.Add(c.file)
		}
	}
	f.Add(network().model(17))
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx, cancel := context.WithTimeout(scope.WithAllocator(t.Context(), bumper.NewAllocBuffer(1<<16)), time.Second)
		defer cancel()
		m, err := onnx.Load(bytes.NewReader(b))
		if err != nil {
			return
		}
		var in []onnx.Tensor
		for _, p := range m.Inputs() {
			in = append(in, plausible(p))
		}
		if err := through(ctx, b, in); err != nil {
			require.NotContains(t, err.Error(), "a check is missing")
		}
	})
}

// plausible returns an input of few elements.
func plausible(p onnx.Port) onnx.Tensor {
	shape, n := []int{}, 1
	for _, d := range p.Shape[:min(len(p.Shape), onnx.MaxRank)] {
		if d.Size = max(d.Size, 2); n*d.Size > 1<<12 {
			d.Size = 1
		}
		shape, n = append(shape, d.Size), n*d.Size
	}
	switch p.Type {
	case onnx.Int64:
		return onnx.From(make([]int64, n), shape...)
	case onnx.Int32:
		return onnx.From(make([]int32, n), shape...)
	case onnx.Bool:
		return onnx.From(make([]bool, n), shape...)
	case onnx.String:
		return onnx.From(make([]string, n), shape...)
	}
	return onnx.From(make([]float32, n), shape...)
}

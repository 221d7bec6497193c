package onnx_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// network is one of what there is: convolutions, 16-bit numbers, a loop, and an output whose shape depends on elements.
func network() graph {
	k := make([]float32, 4*3*3*3)
	for i := range k {
		k[i] = float32(i%7-3) / 4
	}
	body := graph{in: []port{{"it", 7, []int64{}}, {"on", 9, []int64{}}, {name: "a", typ: 1}}, out: []port{{name: "still"}, {name: "more"}, {name: "sum"}},
		nodes: []op{{name: "Identity", in: names("on"), out: names("still")}, {name: "Add", in: names("a", "one"), out: names("more")},
			{name: "ReduceSum", in: names("more", "axes"), out: names("sum"), attrs: map[string]any{"keepdims": 0}}}}
	return graph{
		nodes: []op{
			{name: "Conv", in: names("x", "k"), out: names("conv"), attrs: map[string]any{"pads": []int64{1, 1, 1, 1}}},
			{name: "Relu", in: names("conv"), out: names("relu")},
			{name: "Cast", in: names("relu"), out: names("half"), attrs: map[string]any{"to": 10}},
			{name: "Sin", in: names("half"), out: names("sin")},
			{name: "Cast", in: names("sin"), out: names("float"), attrs: map[string]any{"to": 1}},
			{name: "Loop", in: names("n", "", "float"), out: names("carried", "sums"), attrs: map[string]any{"body": body}},
			{name: "Relu", in: names("carried"), out: names("y")},
			{name: "NonZero", in: names("relu"), out: names("where")},
		},
		constants: []constant{floats("k", []int64{4, 3, 3, 3}, k...), floats("one", []int64{1}, 1), int64s("axes", 1, 2, 3)},
		in:        []port{{name: "x", typ: 1, dims: []int64{-1, 3, -1, -1}}, {"n", 7, []int64{}}},
		out:       []port{{name: "y"}, {name: "sums"}, {name: "where"}},
	}
}

// networkProgram compiles network.
func networkProgram(t testing.TB, options ...onnx.Option) *onnx.Program {
	m, err := load(network().model(17))
	require.NoError(t, err)
	p, err := m.Compile(options...)
	require.NoError(t, err)
	return p
}

// chunk returns the inputs of network: an image, and how many turns its loop takes.
func chunk(side int, turns int64) []onnx.Tensor {
	image := make([]float32, 3*side*side)
	for i := range image {
		image[i] = float32(i%17-5) / 4
	}
	return []onnx.Tensor{onnx.From(image, 1, 3, side, side), onnx.From([]int64{turns})}
}

// results runs p and returns a copy of output 0.
func results(ctx context.Context, p *onnx.Program, in ...onnx.Tensor) (v []float32, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		out, err := p.Run(ctx, in...)
		if err == nil {
			v = slices.Clone(onnx.Data[float32](out.At(0)))
		}
		return err
	})
	return v, err
}

// everything is what a run of network makes.
type everything struct {
	y, sums []float32
	where   []int64
}

func runNetwork(ctx context.Context, p *onnx.Program, in ...onnx.Tensor) (v everything, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		out, err := p.Run(ctx, in...)
		if err == nil {
			v = everything{slices.Clone(onnx.Data[float32](out.At(0))), slices.Clone(onnx.Data[float32](out.At(1))), slices.Clone(onnx.Data[int64](out.At(2)))}
		}
		return err
	})
	return v, err
}

// TestManyGoroutines runs one program from many goroutines, with more signatures than it keeps plans, on buffers of their own, on
// one that they share and on ones that are too small, some of them cancelled: all that end well get the bits that one alone gets.
func TestManyGoroutines(t *testing.T) {
	p := networkProgram(t, onnx.MaxPlans(2))
	sides := []int{1, 4, 9}
	var want [3][3]everything
	for i, side := range sides {
		for turns := range 3 {
			v, err := runNetwork(t.Context(), p, chunk(side, int64(turns))...)
			require.NoError(t, err)
			require.NotEmpty(t, v.where)
			require.Len(t, v.sums, turns)
			want[i][turns] = v
		}
	}
	shared := locked.Share(bumper.NewSlabBuffer())
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			own := bumper.NewSlabBuffer()
			for i := range 60 {
				k, turns := (g+i)%3, i/3%3
				ctx, cancel := context.WithCancel(context.Background())
				switch i % 4 {
				case 0:
					ctx = scope.WithAllocator(ctx, own)
				case 1:
					ctx = scope.WithAllocator(ctx, bumper.NewAllocBuffer(64<<((g+i)%8)))
				default:
					ctx = scope.WithAllocator(ctx, shared)
				}
				if i%7 == 6 {
					cancel()
				}
				v, err := runNetwork(ctx, p, chunk(sides[k], int64(turns))...)
				cancel()
				switch {
				case i%7 == 6:
					assert.Error(t, err)
				case i%4 == 1 && err != nil:
					assert.ErrorIs(t, err, scope.ErrExhausted)
				default:
					if !assert.NoError(t, err) || !assert.Equal(t, want[k][turns], v) {
						return
					}
				}
			}
		})
	}
	all.Wait()
	assert.Zero(t, shared.Stats().Used, "what the runs took is given back")
}

// TestCancelled ends a run between two nodes, and one in the middle of a loop.
func TestCancelled(t *testing.T) {
	p := networkProgram(t)
	ctx, cancel := context.WithCancel(scope.WithAllocator(context.Background(), bumper.NewSlabBuffer()))
	_, err := runNetwork(ctx, p, chunk(4, 2)...)
	require.NoError(t, err)
	cancel()
	_, err = runNetwork(ctx, p, chunk(4, 2)...)
	assert.ErrorIs(t, err, context.Canceled)

	endless := graph{in: []port{{"n", 7, []int64{}}}, out: []port{{name: "y"}}, nodes: []op{{name: "Loop", in: names("n", "", "n"), out: names("y"),
		attrs: map[string]any{"body": graph{in: []port{{"it", 7, []int64{}}, {"on", 9, []int64{}}, {"a", 7, []int64{}}}, out: []port{{name: "still"}, {name: "b"}},
			nodes: []op{{name: "Identity", in: names("on"), out: names("still")}, {name: "Neg", in: names("a"), out: names("b")}}}}}}}
	m, err := load(endless.model(17))
	require.NoError(t, err)
	p, err = m.Compile()
	require.NoError(t, err)
	ctx, cancel = context.WithCancel(scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(1<<16)))
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = results(ctx, p, onnx.From([]int64{1 << 62}))
	assert.ErrorIs(t, err, context.Canceled)
}

// TestMemoryLimit runs a program with less memory than it needs, which is an error, and with enough after that.
func TestMemoryLimit(t *testing.T) {
	p := networkProgram(t)
	for _, turns := range []int64{0, 1000} { // the plan is too large, or what the loop makes
		limit := meter.NewLimit(nil, "small", map[int64]int{0: 1 << 10, 1000: 7 << 10}[turns])
		m := meter.New(bumper.NewSlabBuffer(), meter.Within(limit))
		in := chunk(5, turns)
		_, err := runNetwork(scope.WithAllocator(context.Background(), m), p, in...)
		require.ErrorIs(t, err, scope.ErrExhausted)
		_, err = runNetwork(scope.WithAllocator(context.Background(), bumper.NewSlabBuffer()), p, in...)
		assert.NoError(t, err)
		assert.Zero(t, limit.Stats().Used, "what the run took is given back")
	}
}

// TestAllocatorsDoNotMatter compares the bits of a run on different memory.
func TestAllocatorsDoNotMatter(t *testing.T) {
	p := networkProgram(t)
	in := chunk(12, 5)
	want, err := runNetwork(scope.WithAllocator(context.Background(), bumper.NewSlabBuffer()), p, in...)
	require.NoError(t, err)
	for _, ctx := range []context.Context{context.Background(), scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(1<<20))} {
		got, err := runNetwork(ctx, p, in...)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestArrays(t *testing.T) {
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		a := allocarray.AllocArray[float32]{}.Similar(ctx, 2, 3)
		for i := range a.Data() {
			a.Data()[i] = float32(i)
		}
		x := onnx.FromArray(a)
		assert.Equal(t, "float[2,3]", x.String())
		a.Data()[4] = 40
		assert.Equal(t, float32(40), onnx.Data[float32](x)[4], "the elements are not copied")
		b := onnx.Array[float32](x)
		b.Data()[5] = 50
		assert.Equal(t, float32(50), a.Data()[5])
		assert.Equal(t, []int{2, 3}, b.Shape())
		assert.PanicsWithValue(t, "onnx: Array[float64] of float[2,3]", func() { onnx.Array[float64](x) })
		assert.PanicsWithValue(t, "onnx: FromArray of an array with gaps, of shape [3 2]; see AllocArray.Clone", func() { onnx.FromArray(a.Permute(1, 0)) })
		return nil
	}))
}

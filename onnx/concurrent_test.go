package onnx_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// chunk returns the inputs of Silero for so many samples.
func chunk(samples int) []onnx.Tensor {
	window, state := make([]float32, samples), make([]float32, 2*128)
	for i := range window {
		window[i] = float32(i%17) / 40
	}
	return []onnx.Tensor{onnx.From(window, 1, samples).Named("input"), onnx.From(state, 2, 1, 128).Named("state"), onnx.From([]int64{16000}).Named("sr")}
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

// TestManyGoroutines runs one program from many goroutines, with two signatures at the same time: all get the bits that one
// alone gets.
func TestManyGoroutines(t *testing.T) {
	p := compile(t, "models/silero_vad_v6_ifless.onnx")
	own := func() context.Context { return scope.WithAllocator(context.Background(), bumper.NewSlabBuffer()) }
	var want [2][]float32
	for i, n := range []int{576, 1088} {
		v, err := results(own(), p, chunk(n)...)
		require.NoError(t, err)
		want[i] = v
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			ctx := own()
			for i := range 30 {
				k := (g + i) % 2
				v, err := results(ctx, p, chunk([]int{576, 1088}[k])...)
				if !assert.NoError(t, err) || !assert.Equal(t, want[k], v) {
					return
				}
			}
		})
	}
	all.Wait()
}

func TestCancelled(t *testing.T) {
	p := compile(t, "models/silero_vad_v6_ifless.onnx")
	ctx, cancel := context.WithCancel(scope.WithAllocator(context.Background(), bumper.NewSlabBuffer()))
	_, err := results(ctx, p, chunk(576)...)
	require.NoError(t, err)
	cancel()
	_, err = results(ctx, p, chunk(576)...)
	assert.ErrorIs(t, err, context.Canceled)
}

// TestMemoryLimit runs a program with less memory than it needs, which is an error, and with enough after that.
func TestMemoryLimit(t *testing.T) {
	p := compile(t, "light/light_squeezenet.onnx")
	limit := meter.NewLimit(nil, "small", 1<<20)
	m := meter.New(bumper.NewSlabBuffer(), meter.Within(limit))
	x := ramp(1, 3, 224, 224)
	_, err := results(scope.WithAllocator(context.Background(), m), p, x)
	require.ErrorIs(t, err, scope.ErrExhausted)
	_, err = results(scope.WithAllocator(context.Background(), bumper.NewSlabBuffer()), p, x)
	assert.NoError(t, err)
	assert.Zero(t, limit.Stats().Used, "what the run took is given back")
}

// TestAllocatorsDoNotMatter compares the bits of a run on different memory.
func TestAllocatorsDoNotMatter(t *testing.T) {
	p := compile(t, "light/light_squeezenet.onnx")
	x := ramp(1, 3, 224, 224)
	want, err := results(scope.WithAllocator(context.Background(), bumper.NewSlabBuffer()), p, x)
	require.NoError(t, err)
	for _, ctx := range []context.Context{context.Background(), scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(64<<20))} {
		got, err := results(ctx, p, x)
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

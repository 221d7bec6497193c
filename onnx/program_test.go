package onnx_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

func compile(t testing.TB, name string, options ...onnx.Option) *onnx.Program {
	t.Helper()
	m, err := onnx.LoadFile(filepath.Join(data(t), name))
	require.NoError(t, err)
	p, err := m.Compile(options...)
	require.NoError(t, err)
	return p
}

func TestRunAllocatesNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	p := compile(t, "light/light_squeezenet.onnx")
	buffer := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buffer)
	x := ramp(1, 3, 224, 224)
	run := func() {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			out, err := p.Run(ctx, x)
			if err == nil {
				_ = onnx.Data[float32](out.At(0))[0]
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	assert.Zero(t, testing.AllocsPerRun(3, run))
}

func BenchmarkSqueezenet(b *testing.B) {
	benchmark(b, "light/light_squeezenet.onnx", ramp(1, 3, 224, 224))
}

func benchmark(b *testing.B, name string, in ...onnx.Tensor) {
	p := compile(b, name)
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	b.ReportAllocs()
	for b.Loop() {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			_, err := p.Run(ctx, in...)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

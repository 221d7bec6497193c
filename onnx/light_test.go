package onnx_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/onnx/internal/backend"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// ramp returns element i of n as i/n, the input of ONNX's backend tests for these models.
func ramp(shape ...int) onnx.Tensor {
	s := make([]float32, tensor.Count(shape))
	for i := range s {
		s[i] = float32(float64(i) / float64(len(s)))
	}
	return onnx.From(s, shape...)
}

// TestLight runs the classic networks of ONNX's backend tests.
func TestLight(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(data(t), "light", "*.onnx"))
	require.NoError(t, err)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".onnx")
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "light_squeezenet" {
				t.Skip("takes seconds")
			}
			m, err := onnx.LoadFile(file)
			require.NoError(t, err)
			p, err := m.Compile()
			require.NoError(t, err)
			var shape []int
			for _, d := range p.Inputs()[0].Shape {
				shape = append(shape, max(1, d.Size))
			}
			b, err := os.ReadFile(strings.TrimSuffix(file, ".onnx") + "_output_0.pb")
			require.NoError(t, err)
			want, err := proto.ReadTensor(b)
			require.NoError(t, err)
			ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
			out, err := p.Run(ctx, ramp(shape...))
			require.NoError(t, err)
			relative := backend.Relative
			if strings.Contains(name, "densenet") {
				relative = 2e-3
			}
			have := tensor.From(onnx.Data[float32](out.At(0)), out.At(0).Shape()...)
			require.NoError(t, backend.Compare(have, &want.Tensor, relative, backend.Absolute))
		})
	}
}

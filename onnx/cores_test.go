package onnx_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// noise is a picture.
func noise(name string, shape ...int) onnx.Tensor {
	rng, n := rand.New(rand.NewPCG(3, 4)), 1
	for _, d := range shape {
		n *= d
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return onnx.From(v, shape...).Named(name)
}

// pictures are networks with what they take.
var pictures = []struct {
	name, file string
	in         onnx.Tensor
}{
	{"det", "models/ppocr_v4_det.onnx", noise("x", 1, 3, 320, 320)},
	{"rec", "models/ppocr_v4_rec.onnx", noise("x", 1, 3, 48, 320)},
	{"squeezenet", "light/light_squeezenet.onnx", noise("data_0", 1, 3, 224, 224)},
}

// TestCores: with helpers a program gives the bits that it gives alone.
func TestCores(t *testing.T) {
	for _, c := range pictures {
		t.Run(c.name, func(t *testing.T) {
			p := compile(t, c.file)
			alone, err := results(scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()), p, c.in)
			require.NoError(t, err)
			for _, cores := range []int{2, 3} {
				b := locked.Share(bumper.NewSlabBuffer(), locked.Cores(cores))
				helped, err := results(scope.WithAllocator(t.Context(), b), p, c.in)
				require.NoError(t, err)
				require.Equal(t, alone, helped, "%d cores", cores)
				b.Close()
			}
		})
	}
}

// TestCoresAllocateNothing is the other half of that.
func TestCoresAllocateNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	for _, c := range pictures {
		t.Run(c.name, func(t *testing.T) {
			p := compile(t, c.file)
			for _, cores := range []int{1, 2} {
				b := locked.Share(bumper.NewSlabBuffer(), locked.Cores(cores))
				run := func(ctx context.Context) error {
					_, err := p.Run(ctx, c.in)
					return err
				}
				require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), b), func(ctx context.Context) error {
					again := func() {
						if err := scope.NoEscape(ctx, run); err != nil {
							t.Error(err)
						}
					}
					again()
					require.Zero(t, testing.AllocsPerRun(5, again), "%d cores", cores)
					return nil
				}))
				b.Close()
			}
		})
	}
}

// BenchmarkCores is how much faster two cores are than one.
func BenchmarkCores(b *testing.B) {
	for _, c := range pictures {
		p := compile(b, c.file)
		for _, cores := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/cores=%d", c.name, cores), func(b *testing.B) {
				b.ReportAllocs()
				buf := locked.Share(bumper.NewSlabBuffer(), locked.Cores(cores))
				defer buf.Close()
				ctx := scope.WithAllocator(b.Context(), buf)
				run := func(ctx context.Context) error {
					_, err := p.Run(ctx, c.in)
					return err
				}
				if err := scope.NoEscape(ctx, run); err != nil { // it makes the plan
					b.Fatal(err)
				}
				for b.Loop() {
					if err := scope.NoEscape(ctx, run); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

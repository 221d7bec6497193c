package nn_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// forward measures a layer in a scope of its own on each kind of memory.
func forward(b *testing.B, l nn.Layer, x nn.Tensor, flops int) {
	for name, ctx := range map[string]context.Context{
		"heap": bg, "bumper": scope.WithAllocator(bg, bumper.NewSlabBuffer()),
	} {
		b.Run("alloc="+name, func(b *testing.B) {
			b.ReportAllocs()
			run := func(ctx context.Context) error {
				l.Forward(ctx, x)
				return nil
			}
			for b.Loop() {
				if err := scope.NoEscape(ctx, run); err != nil {
					b.Fatal(err)
				}
			}
			if flops > 0 {
				b.ReportMetric(float64(flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			}
		})
	}
}

func BenchmarkConv(b *testing.B) {
	cases := []struct {
		size, in, out int
		w             nn.Window
	}{
		{28, 1, 32, nn.Square(3)},
		{13, 32, 16, nn.Square(3)},
		{5, 16, 10, nn.Square(3)},
		{4, 64, 128, nn.Square(4)},
		{28, 32, 32, nn.Square(3).Padded(1)},
		{28, 64, 64, nn.Square(1)},
		{14, 64, 64, nn.Square(3).Padded(2).Dilated(2)},
	}
	for _, c := range cases {
		l := randomConv("c", c.in, c.out, c.w)
		x := randomTensor(1, 8, c.size, c.size, c.in)
		flops := 2 * l.Forward(bg, x).Len() * c.in * c.w.Size[0] * c.w.Size[1]
		b.Run(fmt.Sprintf("%d×%d×%d→%d of %v", c.size, c.size, c.in, c.out, c.w), func(b *testing.B) { forward(b, l, x, flops) })
	}
}

func BenchmarkPool(b *testing.B) {
	x := randomTensor(1, 8, 26, 26, 32)
	for _, l := range []nn.Layer{
		nn.MaxPool2D{Window: nn.Square(2)}, nn.MaxPool2D{Window: nn.Square(3).Strided(2).Padded(1)},
		nn.AvgPool2D{Window: nn.Square(2)}, nn.AvgPool2D{Window: nn.Square(26)},
	} {
		b.Run(fmt.Sprint(l), func(b *testing.B) { forward(b, l, x, 0) })
	}
}

func BenchmarkBatchNorm(b *testing.B) {
	forward(b, randomNorm("n", 32), randomTensor(1, 8, 26, 26, 32), 0)
}

func BenchmarkDigitsCNN(b *testing.B) {
	forward(b, digitsCNN(b), randomTensor(1, 32, 28, 28, 1), 0)
}

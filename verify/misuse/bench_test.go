package main_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

var modes = []struct {
	name string
	mode guard.Mode
}{{"off", guard.Off}, {"sample", guard.Sample}, {"full", guard.Full}}

// BenchmarkGuard compares the modes on an allocation of 1 KiB (512 in a scope), on an
// elementwise operation, and on a batch of 32 images through the network of the demo,
// each operation and batch in a scope of its own.
func BenchmarkGuard(b *testing.B) {
	for _, m := range modes {
		b.Run("mode="+m.name+"/op=Alloc1KiB", func(b *testing.B) {
			defer guard.Set(guard.Set(m.mode))
			benchAlloc(b)
		})
		for _, n := range []int{64, 4096} {
			b.Run(fmt.Sprintf("mode=%s/op=Add%d", m.name, n), func(b *testing.B) {
				defer guard.Set(guard.Set(m.mode))
				benchAdd(b, n)
			})
		}
		b.Run("mode="+m.name+"/op=MLP", func(b *testing.B) {
			defer guard.Set(guard.Set(m.mode))
			benchMLP(b)
		})
	}
}

// bump returns a context with a buffer of its own.
func bump() context.Context {
	return scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
}

func benchAlloc(b *testing.B) {
	b.ReportAllocs()
	ctx := bump()
	for left := b.N; left > 0; left -= 512 {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			for range min(left, 512) {
				_, _, err := scope.Alloc[float64](ctx, 128)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func benchAdd(b *testing.B, n int) {
	b.ReportAllocs()
	ctx := bump()
	x := allocarray.Full[float32](context.Background(), 1, n)
	add := func(ctx context.Context) error {
		allocarray.Add(ctx, x, x)
		return nil
	}
	for b.Loop() {
		_ = scope.NoEscape(ctx, add)
	}
}

func benchMLP(b *testing.B) {
	b.ReportAllocs()
	ctx := bump()
	mlp, err := nn.NewChain([]int{784}, nn.NewDense("hidden", 784, 128), nn.ReLU{}, nn.NewDense("out", 128, 10), nn.Softmax{})
	if err != nil {
		b.Fatal(err)
	}
	x := allocarray.Full[float32](context.Background(), 1, 32, 784)
	forward := func(ctx context.Context) error {
		mlp.Forward(ctx, x)
		return nil
	}
	for b.Loop() {
		_ = scope.NoEscape(ctx, forward)
	}
}

// BenchmarkCheck measures what is always on: an operation of three arrays checks three
// stamps at its beginning and at its end, each time a load and a comparison. Their share is (checks - loop) /
// AddInto; the kernel is the arithmetic alone.
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{64, 4096} {
		_ = scope.NoEscape(bump(), func(ctx context.Context) error {
			x, y, z := allocarray.New[float32](ctx, n), allocarray.New[float32](ctx, n), allocarray.New[float32](ctx, n)
			_, stamp, err := scope.Alloc[float32](ctx, n)
			stamps := [3]scope.Stamp{stamp, stamp, stamp}
			b.Run(fmt.Sprintf("n=%d/part=checks", n), func(b *testing.B) {
				dead := 0
				for b.Loop() {
					for range 2 {
						if !stamps[0].Live() || !stamps[1].Live() || !stamps[2].Live() {
							dead++
						}
					}
				}
			})
			b.Run(fmt.Sprintf("n=%d/part=loop", n), func(b *testing.B) {
				dead := 0
				for b.Loop() {
					dead++
				}
			})
			b.Run(fmt.Sprintf("n=%d/part=AddInto", n), func(b *testing.B) {
				for b.Loop() {
					allocarray.AddInto(z, x, y)
				}
			})
			b.Run(fmt.Sprintf("n=%d/part=kernel", n), func(b *testing.B) {
				dst, p, q := z.Data(), x.Data(), y.Data()
				for b.Loop() {
					kernel.Binary(kernel.Add, dst, p, q)
				}
			})
			return err
		})
	}
}

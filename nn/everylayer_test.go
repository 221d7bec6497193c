package nn_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestEveryLayerRefusesStaleInput: what the scope of the input has left behind is never computed with. A layer
// that returns a view returns a stale one.
func TestEveryLayerRefusesStaleInput(t *testing.T) {
	buf := bumper.NewSlabBuffer()
	for name, c := range allocCases(t) {
		for shape, in := range map[string]nn.Tensor{"whole": c.whole, "view": c.view} {
			t.Run(name+"/"+shape, func(t *testing.T) {
				var stale nn.Tensor
				err := scope.NoEscape(scope.WithAllocator(bg, buf), func(ctx context.Context) error {
					stale = c.whole.Clone(ctx)
					if shape == "view" {
						stale = stale.SliceStep(0, 0, 8, 2)
					}
					require.Equal(t, in.Shape(), stale.Shape())
					return nil
				})
				require.NoError(t, err)
				defer func() {
					err, _ := recover().(error)
					require.True(t, errors.Is(err, scope.ErrStale), "panics with %v", err)
				}()
				y := c.layer.Forward(bg, stale)
				_ = y.Heap()
				t.Error("no panic")
			})
		}
	}
}

// TestEveryLayerGivesABatchTheSameBits as its samples alone.
func TestEveryLayerGivesABatchTheSameBits(t *testing.T) {
	for name, c := range allocCases(t) {
		if name == "LSTMState" || name == "Lookup" { // for their own tests: lengths by place, and axes exchanged
			continue
		}
		t.Run(name, func(t *testing.T) {
			for shape, x := range map[string]nn.Tensor{"whole": c.whole, "view": c.view} {
				y := c.layer.Forward(bg, x)
				for n := range x.Dim(0) {
					alone := c.layer.Forward(bg, x.Slice(0, n, n+1)).Heap()
					require.Equal(t, y.Slice(0, n, n+1).Heap().Data(), alone.Data(), "sample %d of the %s", n, shape)
				}
			}
		})
	}
}

package conv_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/conv"
	"github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

// inTurn are helpers that do one piece after the other.
type inTurn struct{}

func (inTurn) Workers() int { return 2 }

func (inTurn) RunPieces(n int, task scope.Task) {
	for i := range n {
		task.RunPiece(i%2, i)
	}
}

// TestRunAllocatesNothing, alone or with helpers, once as many tasks were in use as are now.
func TestRunAllocatesNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	r := rand.New(rand.NewPCG(1, 2))
	arg := any(20 * 20 * 150) // made once
	for name, h := range map[string]scope.Helpers{"alone": nil, "helped": inTurn{}} {
		for _, in := range []int{7, 130} { // a product, and filters that are shared
			w := conv.Window{Size: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
			f := conv.NewFilters(w, in, 150, 1, numbers(r, 150*in*9), nil, nil)
			c, ok := conv.New(f, 20, 20, [2]int{1, 1}, [2]int{1, 1})
			require.True(t, ok)
			c.SetTable(make([]int32, c.Table()))
			x, y, memory := numbers(r, 20*20*in), make([]float32, 20*20*150), make([]float32, 1<<22)
			run := func() {
				s := conv.Stage{Conv: c, Batch: 1, After: ramp, Arg: arg, X: x, Dst: y}
				workers, room := s.Cut(h)
				s.Rooms = pieces.NewRooms(memory[:workers*room], room)
				s.Run()
			}
			run()
			require.Zero(t, testing.AllocsPerRun(10, run), "%s, %d channels", name, in)
		}
		f := conv.NewTransposedFilters(conv.Window{Size: [2]int{3, 3}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}}, [2]int{1, 1}, 30, 20, 1, numbers(r, 30*20*9), nil, nil)
		turned, ok := conv.NewTransposed(f, 20, 20, [2]int{40, 40})
		require.True(t, ok)
		turned.SetTable(make([]int32, turned.Table()))
		x, y, memory := numbers(r, 20*20*30), make([]float32, 40*40*20), make([]float32, 1<<18)
		run := func() {
			s := turned
			s.Batch, s.X, s.Dst, s.After, s.Arg = 1, x, y, ramp, arg
			workers, room := s.Cut(h)
			s.Rooms = pieces.NewRooms(memory[:workers*room], room)
			s.Run()
		}
		run()
		require.Zero(t, testing.AllocsPerRun(10, run), "%s, transposed", name)
	}
}

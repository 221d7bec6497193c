package allocarray_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// together is the heap with helpers: pieces run at the same time.
type together struct {
	scope.Allocator
	workers, used int
}

func (h *together) Helpers() scope.Helpers { return h }
func (h *together) Workers() int           { return h.workers }

func (h *together) RunPieces(n int, task scope.Task) {
	h.used++
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { task.RunPiece(i%h.workers, i) })
	}
	wg.Wait()
}

// TestMatMulHelped: helpers change no bit, in any layout.
func TestMatMulHelped(t *testing.T) {
	t.Run("float32", matMulHelped[float32])
	t.Run("float64", matMulHelped[float64])
}

func matMulHelped[T allocarray.Float](t *testing.T) {
	r := newRand()
	normal := fillWith(func() T { return T(r.NormFloat64()) })
	layouts := destinations[T]()
	for i, s := range [][3]int{{90, 100, 129}, {130, 300, 31}, {1, 5000, 300}, {5000, 300, 1}, {200, 60, 100}} {
		for j, la := range layouts {
			lb := layouts[(i*i+i+2*j)%len(layouts)]
			a, b := la.view([]int{s[0], s[1]}, normal), lb.view([]int{s[1], s[2]}, normal)
			h := &together{Allocator: scope.Heap(), workers: 2 + r.IntN(3)}
			got := allocarray.MatMul(scope.WithAllocator(t.Context(), h), a, b)
			requireBits(t, allocarray.MatMul(t.Context(), a, b), got, fmt.Sprintf("%v, %s·%s", s, la.name, lb.name))
			want := 1
			if !allocarray.HasMicroKernels() && s[0] < 128 { // then only rows are cut
				want = 0
			}
			require.Equal(t, want, h.used)
			if testenv.Slow() && j == i {
				break
			}
		}
	}
}

// TestMatMulNotHelped: what is small, narrow on both sides, or of integers.
func TestMatMulNotHelped(t *testing.T) {
	h := &together{Allocator: scope.Heap(), workers: 2}
	ctx := scope.WithAllocator(t.Context(), h)
	allocarray.MatMul(ctx, allocarray.New[float32](ctx, 90, 90), allocarray.New[float32](ctx, 90, 90))
	allocarray.MatMul(ctx, allocarray.New[float32](ctx, 90, 1000), allocarray.New[float32](ctx, 1000, 90))
	allocarray.MatMul(ctx, allocarray.New[int32](ctx, 200, 200), allocarray.New[int32](ctx, 200, 200))
	require.Zero(t, h.used)
}

func TestMatMulHelpedAllocatesNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	shared := locked.Share(bumper.NewSlabBuffer(), locked.Cores(2))
	defer shared.Close()
	a := allocarray.New[float64](t.Context(), 200, 200)
	ctx := scope.WithAllocator(t.Context(), shared)
	run := func() {
		allocarray.MatMul(ctx, a, a)
		require.NoError(t, shared.Reset())
	}
	run()
	require.Zero(t, testing.AllocsPerRun(50, run))
}

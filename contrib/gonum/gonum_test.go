package scopegonum_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	scopegonum "github.com/allocarrays/allocarrays-go/contrib/gonum"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

// inScope runs fn in a scope whose memory is not zero.
func inScope(t testing.TB, fn func(context.Context)) {
	t.Helper()
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		dirty := scope.Make[float64](ctx, 10_000)
		for i := range dirty {
			dirty[i] = 9
		}
		return nil
	}))
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { fn(ctx); return nil }))
}

// TestNew: matrices of all kinds are zero.
func TestNew(t *testing.T) {
	inScope(t, func(ctx context.Context) {
		for name, m := range map[string]mat.Matrix{
			"dense": scopegonum.NewDense(ctx, 3, 5),
			"vec":   scopegonum.NewVecDense(ctx, 7),
			"sym":   scopegonum.NewSymDense(ctx, 4),
			"upper": scopegonum.NewTriDense(ctx, 4, mat.Upper),
			"lower": scopegonum.NewTriDense(ctx, 4, mat.Lower),
		} {
			require.Zero(t, mat.Norm(m, 1), name)
		}
		g := scopegonum.NewGeneral(ctx, 2, 3)
		require.Equal(t, blas64.General{Rows: 2, Cols: 3, Stride: 3, Data: make([]float64, 6)}, g)
		for _, size := range [][2]int{{0, 1}, {1, 0}, {-1, 1}, {1 << 40, 1 << 40}} {
			require.Panics(t, func() { scopegonum.NewDense(ctx, size[0], size[1]) }, size)
		}
	})
}

// TestNewBytes: the elements are not on the Go heap.
func TestNewBytes(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	inScope(t, func(ctx context.Context) {
		require.Zero(t, testing.AllocsPerRun(10, func() { scopegonum.NewGeneral(ctx, 100, 100) }))
		require.LessOrEqual(t, testing.AllocsPerRun(10, func() { scopegonum.NewDense(ctx, 100, 100) }), 1.0)
	})
}

// TestDense: matrices on arrays, views among them, have their elements, and what is written to
// either is in both.
func TestDense(t *testing.T) {
	inScope(t, func(ctx context.Context) {
		a := allocarray.Arange[float64](ctx, 60).Reshape(6, 10)
		for name, view := range map[string]allocarray.AllocArray[float64]{
			"all": a, "rows": a.Slice(0, 2, 4), "columns": a.Slice(1, 3, 7), "part": a.Slice(0, 1, 6).Slice(1, 2, 10),
			"every other": a.SliceStep(0, 0, 6, 2), "row": a.Slice(0, 5, 6), "column": a.Slice(1, 9, 10), "one": a.Slice(0, 5, 6).Slice(1, 9, 10),
		} {
			m, err := scopegonum.Dense(view)
			require.NoError(t, err, name)
			requireEqual(t, name, view, m)
			r, c := m.Dims()
			m.Set(r-1, c-1, -m.At(r-1, c-1))
			require.Equal(t, m.At(r-1, c-1), view.At(r-1, c-1), name)
			view.Set(-m.At(r-1, c-1), r-1, c-1)
			requireEqual(t, name, view, m)

			back, err := scopegonum.FromDense(ctx, m)
			if name == "columns" || name == "part" || name == "column" || name == "every other" { // gonum knows the memory to the last element only
				require.ErrorContains(t, err, "DenseCopyOf", name)
				continue
			}
			require.NoError(t, err, name)
			requireEqual(t, name, back, m)
			back.Set(77, 0, 0)
			require.Equal(t, 77.0, view.At(0, 0), name)
			view.Set(1, 0, 0)
		}
		for name, bad := range map[string]allocarray.AllocArray[float64]{
			"transpose": a.Transpose(), "gaps": a.SliceStep(1, 0, 10, 2), "repeats": a.Index(0, 1).Broadcast(6, 10),
			"vector": a.Index(0, 1), "empty": a.Slice(0, 1, 1), "cube": a.Reshape(6, 5, 2),
		} {
			_, err := scopegonum.Dense(bad)
			require.ErrorContains(t, err, "scopegonum: array of shape", name)
			m, err := scopegonum.Matrix(bad)
			if name == "transpose" {
				require.NoError(t, err)
				requireEqual(t, name, bad, m)
				continue
			}
			require.Error(t, err, name)
		}
	})
}

func requireEqual(t *testing.T, name string, a allocarray.AllocArray[float64], m mat.Matrix) {
	t.Helper()
	r, c := m.Dims()
	require.Equal(t, a.Shape(), []int{r, c}, name)
	for i := range r {
		for j := range c {
			require.Equal(t, a.At(i, j), m.At(i, j), "%s: %d, %d", name, i, j)
		}
	}
}

// TestVec: vectors with and without gaps, both ways.
func TestVec(t *testing.T) {
	inScope(t, func(ctx context.Context) {
		a := allocarray.Arange[float64](ctx, 60).Reshape(6, 10)
		for name, view := range map[string]allocarray.AllocArray[float64]{
			"row": a.Index(0, 5), "column": a.Index(1, 9), "every third": a.Reshape(60).SliceStep(0, 2, 60, 3), "one": a.Reshape(60).Slice(0, 59, 60),
		} {
			v, err := scopegonum.VecDense(view)
			require.NoError(t, err, name)
			require.Equal(t, view.Len(), v.Len())
			back, err := scopegonum.FromVec(ctx, v)
			require.NoError(t, err, name)
			for i := range v.Len() {
				require.Equal(t, view.At(i), v.AtVec(i), name)
				require.Equal(t, view.At(i), back.At(i), name)
			}
			v.SetVec(v.Len()-1, 77)
			require.Equal(t, 77.0, view.At(view.Len()-1), name)
			require.Equal(t, 77.0, back.At(view.Len()-1), name)
		}
		for name, bad := range map[string]allocarray.AllocArray[float64]{
			"matrix": a, "empty": a.Index(0, 0).Slice(0, 2, 2), "repeats": a.Slice(0, 0, 1).Slice(1, 0, 1).Reshape(1).Broadcast(5),
		} {
			_, err := scopegonum.VecDense(bad)
			require.ErrorContains(t, err, "scopegonum: array of shape", name)
		}
	})
}

// TestColumnsOfGonum: the last column of a matrix of gonum's comes back too.
func TestColumnsOfGonum(t *testing.T) {
	m := mat.NewDense(3, 4, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	for j := range 4 {
		a, err := scopegonum.FromVec(t.Context(), m.ColView(j).(*mat.VecDense))
		require.NoError(t, err)
		require.Equal(t, []float64{float64(j), float64(4 + j), float64(8 + j)}, a.Clone(t.Context()).Data())
	}
	part, err := scopegonum.FromDense(t.Context(), m.Slice(0, 2, 1, 3).(*mat.Dense))
	require.NoError(t, err)
	require.Equal(t, []float64{1, 2, 5, 6}, part.Clone(t.Context()).Data())
	_, err = scopegonum.FromDense(t.Context(), m.Slice(1, 3, 1, 3).(*mat.Dense))
	require.ErrorContains(t, err, "DenseCopyOf")
	_, err = scopegonum.FromDense(t.Context(), m.Slice(2, 3, 1, 3).(*mat.Dense))
	require.NoError(t, err, "a single row has no gaps")
}

// TestMalformed: what is no matrix and no vector is an error.
func TestMalformed(t *testing.T) {
	three := make([]float64, 3)
	for _, g := range []blas64.General{
		{}, {Rows: 1, Cols: 4, Stride: 4, Data: three}, {Rows: 2, Cols: 2, Stride: 2, Data: three}, {Rows: 2, Cols: 2, Stride: 1, Data: three},
		{Rows: -1, Cols: 1, Stride: 1, Data: three}, {Rows: 1 << 62, Cols: 1, Stride: 1 << 62, Data: three}, {Rows: 2, Cols: 1, Stride: 0, Data: three},
	} {
		_, err := scopegonum.FromGeneral(t.Context(), g)
		require.Error(t, err, g)
	}
	for _, v := range []blas64.Vector{{}, {N: 4, Inc: 1, Data: three}, {N: 2, Inc: 3, Data: three}, {N: 2, Inc: -1, Data: three}, {N: 1, Inc: 0, Data: three}, {N: 1, Inc: 1}} {
		_, err := scopegonum.FromVector(t.Context(), v)
		require.Error(t, err, v)
	}
	_, err := scopegonum.FromDense(t.Context(), new(mat.Dense))
	require.Error(t, err)
	_, err = scopegonum.FromVec(t.Context(), new(mat.VecDense))
	require.Error(t, err)
}

// TestBLAS: products by gonum of arrays of both element types.
func TestBLAS(t *testing.T) {
	inScope(t, func(ctx context.Context) {
		a, b := allocarray.Arange[float32](ctx, 6).Reshape(2, 3), allocarray.Arange[float32](ctx, 12).Reshape(3, 4)
		c := allocarray.New[float32](ctx, 2, 4)
		x, y, z := must(scopegonum.General32(a)), must(scopegonum.General32(b)), must(scopegonum.General32(c))
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, x, y, 0, z)
		require.Equal(t, allocarray.MatMul(ctx, a, b).Data(), c.Data())

		row, column := must(scopegonum.Vector32(b.Index(0, 1))), must(scopegonum.Vector32(b.Transpose().Index(0, 1).Slice(0, 0, 3)))
		require.Equal(t, float32(4+5+6+7), blas32.Asum(row))
		require.Equal(t, float32(1+5+9), blas32.Asum(column))

		d := allocarray.Arange[float64](ctx, 6).Reshape(2, 3)
		v := must(scopegonum.Vector(d.Index(1, 2)))
		blas64.Scal(2, v)
		require.Equal(t, []float64{0, 1, 4, 3, 4, 10}, d.Data())
		_, err := scopegonum.General32(b.Transpose())
		require.Error(t, err)
		_, err = scopegonum.Vector32(b)
		require.Error(t, err)
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestStale: arrays on gonum's matrices are stale with the scope of their memory.
func TestStale(t *testing.T) {
	var m, v allocarray.AllocArray[float64]
	inScope(t, func(ctx context.Context) {
		m = must(scopegonum.FromDense(ctx, scopegonum.NewDense(ctx, 2, 2)))
		v = must(scopegonum.FromVec(ctx, scopegonum.NewVecDense(ctx, 2)))
		require.True(t, m.Live() && v.Live())
	})
	require.False(t, m.Live() || v.Live())
	require.Panics(t, func() { _, _ = scopegonum.Dense(m) })
	require.Panics(t, func() { _, _ = scopegonum.VecDense(v) })
	onHeap := must(scopegonum.FromDense(t.Context(), mat.NewDense(2, 2, nil)))
	require.True(t, onHeap.Live())
}

// Package scopegonum lets gonum compute in a scope, and passes matrices and vectors between gonum
// and package allocarray without copying them.
//
// [NewDense] and its like are those of package mat with memory from a context. [Dense],
// [VecDense], [General] and [Vector] make gonum's types of arrays, and [FromDense] and [FromVec]
// arrays of gonum's types:
//
//	err := scope.NoEscape(ctx, func(ctx context.Context) error {
//		a := allocarray.New[float64](ctx, 3, 3)
//		m, err := scopegonum.Dense(a) // the same elements
//		...
//		p := scopegonum.NewDense(ctx, 3, 3)
//		p.Mul(m, m.T())
//		b, err := scopegonum.FromDense(ctx, p)
//		...
//	})
//
// # Lifetime
//
// gonum cannot notice the end of a scope: a matrix in a scope must not be used after it. Only
// arrays are checked. Keep the array, rather than the matrix, where that matters, and copy what
// must outlive the scope with mat.DenseCopyOf or AllocArray.Heap.
//
// # What stays on the Go heap
//
// The headers of matrices, which contain pointers, and what gonum allocates by itself: an empty
// receiver grows on the heap, so give it a matrix of the right size; factorizations (mat.SVD,
// mat.QR, mat.LU, mat.Cholesky) keep their results there; workspaces come from pools of gonum's. The
// functions of package lapack64 take all their memory from the caller; package program has a
// Kalman filter, a singular value decomposition, least squares and a spectrum in both forms.
package scopegonum

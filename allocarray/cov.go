package allocarray

import "context"

// Cov returns the covariance matrix of v variables, with memory from ctx: the rows of a,
// which is v×n, are the variables and its columns the samples, as in NumPy; transpose a
// table whose columns are the variables. Element i, j of the result, which is v×v, is
// Σ(xᵢ-meanᵢ)(xⱼ-meanⱼ)/(n-ddof); see [Var], whose algorithm it uses. Cov panics if a is
// not a matrix or ddof is negative.
//
// It takes v²·n/2 steps of a few operations. For hundreds of variables it is faster to
// subtract the means and multiply with [MatMul], which rounds differently.
func Cov[T Float](ctx context.Context, a AllocArray[T], ddof int) AllocArray[T] {
	moved := a.take("Cov")
	shape := covShape("Cov", &a, ddof)
	dst := allocate[T](ctx, "Cov", rowMajor("Cov", shape.lengths()))
	a.recheck("Cov")
	covRuns("Cov", &dst, &a, ddof)
	if moved {
		a.drop(ctx, "Cov")
	}
	return dst
}

// CovInto sets dst to the covariance matrix of the rows of a; see [Cov]. It panics if dst
// overlaps a.
func CovInto[T Float](dst, a AllocArray[T], ddof int) {
	moved := takeInto("CovInto", &dst, &a)
	shape := covShape("CovInto", &a, ddof)
	dst.checkDst("CovInto")
	requireShape("CovInto", &dst.axes, &shape)
	requireDisjoint("CovInto", &dst, &a)
	covRuns("CovInto", &dst, &a, ddof)
	if moved {
		a.drop(noContext, "CovInto")
	}
}

func covShape[T Float](op string, a *AllocArray[T], ddof int) (shape axes) {
	requireDdof(op, ddof)
	if a.rank != 2 {
		panic(misuse("%s: shape %s is not a matrix of variables by samples", op, shapeText(a.lengths())))
	}
	shape.rank, shape.shape[0], shape.shape[1] = 2, a.shape[0], a.shape[0]
	return shape
}

// covRuns computes a row of dst at a time, in blocks if neighbours in memory are of
// different variables. The blocks do not change what is added to what.
func covRuns[T Float](op string, dst, a *AllocArray[T], ddof int) {
	v, n, next, step := a.shape[0], a.shape[1], a.stride[0], a.stride[1]
	to, data := dst.elements(), a.elements()
	block := 1
	if next < step {
		block = spreadBlock
	}
	var means, s spreads
	for i := range v {
		line := data[min(i*next, len(data)):]
		means.reset(1)
		addSums(&means, line, step, n, next, 1)
		means.center(1, n)
		for j := i; j < v; j += block {
			count := min(block, v-j)
			others := data[min(j*next, len(data)):]
			s.reset(count)
			addSums(&s, others, step, n, next, count)
			s.center(count, n)
			about := addProducts(&s, line, means.mean[0], others, step, n, next, count)
			for k := range count {
				c := T((s.squares[k] - float64(about*s.sum[k])/float64(n)) / float64(max(n-ddof, 0)))
				to[i*dst.stride[0]+(j+k)*dst.stride[1]] = c
				to[(j+k)*dst.stride[0]+i*dst.stride[1]] = c
			}
		}
	}
	dst.recheck(op)
	a.recheck(op)
}

// addProducts adds to s the products of the distances of a line and of others from their
// means. It returns the sum of the line's distances, 0 but for rounding.
func addProducts[T Float](s *spreads, line []T, mean float64, others []T, step, n, next, count int) (about float64) {
	means, sums, products := s.mean[:count], s.sum[:count], s.squares[:count]
	for i := range n {
		x, row := float64(line[i*step])-mean, others[i*step:]
		about += x
		for j := range means {
			y := float64(row[j*next]) - means[j]
			sums[j] += y
			products[j] += float64(x * y)
		}
	}
	return about
}

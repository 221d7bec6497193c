package kernel

// scalarBlock is how many copies of a scalar extremesScalar makes: few, for a short slice makes as many as it needs, and
// enough that the calls cost little.
const scalarBlock = 128

// extremesScalar is BinaryScalar for Min and Max, by copies of s; false if [extremes] has nothing for the type or the
// processor.
func extremesScalar[T Number](op BinaryOp, dst, a []T, s T) bool {
	var block [scalarBlock]T
	copies := block[:min(len(dst), scalarBlock)]
	Fill(copies, s)
	for len(dst) > 0 {
		n := min(len(dst), scalarBlock)
		d, x, y := dst[:n], a[:n], copies[:n]
		if n < simdMin {
			binaryLoop(op, d, x, y)
		} else if !extremes(op, d, x, y) {
			return false // in the first turn, with nothing written
		}
		dst, a = dst[n:], a[n:]
	}
	return true
}

package kernel

// ArgMin is the index of the first smallest element of a. The first NaN counts as smallest, as in NumPy; -0 and +0
// are equal. It panics on an empty a.
func ArgMin[T Number](a []T) int { return indexOf(a, extreme(Min, a)) }

// ArgMax is the index of the first largest element of a. The first NaN counts as largest, as in NumPy; -0 and +0 are
// equal. It panics on an empty a.
func ArgMax[T Number](a []T) int { return indexOf(a, extreme(Max, a)) }

// indexOf is the first index of v, which is in a; of the first NaN if v is NaN. Finding the extreme first and its
// place second is faster than carrying the place along, for the first pass is SIMD and the second stops early.
func indexOf[T Number](a []T, v T) int {
	if v != v {
		for i, x := range a {
			if x != x {
				return i
			}
		}
	}
	for i, x := range a {
		if x == v {
			return i
		}
	}
	panic("kernel: ArgMin or ArgMax of a slice that changed meanwhile")
}

package kernel

// BinaryStrided computes dst[i*ds] = a[i*as] op b[i*bs] for i in [0, n).
//
// Strides are in elements; as and bs may be 0, which repeats that operand's first element (broadcast), ds is at least 1
// when n > 1. dst may be a with ds == as, or b with ds == bs. Values are as [Binary]'s. The layouts that an array
// meets most (all contiguous, or one side repeated) run at the speed of [Binary] and [BinaryScalar].
func BinaryStrided[T Number](op BinaryOp, dst []T, ds int, a []T, as int, b []T, bs int, n int) {
	switch {
	case n == 0:
	case ds == 1 && as == 1 && bs == 1:
		Binary(op, dst[:n], a, b)
	case ds == 1 && as == 1 && bs == 0:
		BinaryScalar(op, dst[:n], a, b[0])
	case ds == 1 && as == 0 && bs == 1:
		ScalarBinary(op, dst[:n], a[0], b)
	default:
		binaryStridedLoop(op, dst, ds, a, as, b, bs, n)
	}
}

// binaryStridedLoop is the general case; one loop per operation, as in binaryLoop.
func binaryStridedLoop[T Number](op BinaryOp, dst []T, ds int, a []T, as int, b []T, bs int, n int) {
	switch op {
	case Add:
		for i := range n {
			dst[i*ds] = a[i*as] + b[i*bs]
		}
	case Sub:
		for i := range n {
			dst[i*ds] = a[i*as] - b[i*bs]
		}
	case Mul:
		for i := range n {
			dst[i*ds] = a[i*as] * b[i*bs]
		}
	case Div:
		for i := range n {
			dst[i*ds] = a[i*as] / b[i*bs]
		}
	case Min:
		for i := range n {
			dst[i*ds] = min(a[i*as], b[i*bs])
		}
	case Max:
		for i := range n {
			dst[i*ds] = max(a[i*as], b[i*bs])
		}
	default:
		panic(badOp("BinaryOp", uint8(op)))
	}
}

// CopyStrided computes dst[i*ds] = a[i*as] for i in [0, n). as may be 0 (broadcast). Gathering a strided view into
// contiguous memory and running a contiguous kernel there in place is how operations without a strided form are done.
func CopyStrided[T Number](dst []T, ds int, a []T, as int, n int) {
	switch {
	case n == 0:
	case ds == 1 && as == 1:
		copy(dst[:n], a[:n])
	case ds == 1 && as == 0:
		Fill(dst[:n], a[0])
	default:
		for i := range n {
			dst[i*ds] = a[i*as]
		}
	}
}

// fillRun is how many elements [Fill] writes one by one before it copies: small enough to stay in the first-level
// cache as the source of every later copy, large enough that copy's call cost disappears.
const fillRun = 512

// Fill sets every element of dst to v. Past the first run it copies, because copy is vectorized and a Go loop is not.
func Fill[T Number](dst []T, v T) {
	n := min(len(dst), fillRun)
	for i := range dst[:n] {
		dst[i] = v
	}
	for n < len(dst) {
		n += copy(dst[n:], dst[:fillRun])
	}
}

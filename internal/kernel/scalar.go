package kernel

// BinaryScalar computes dst[i] = a[i] op s. dst may be a. Values are as [Binary]'s.
func BinaryScalar[T Number](op BinaryOp, dst, a []T, s T) {
	a = a[:len(dst)]
	if len(dst) >= simdMin {
		if binaryScalarSIMD(op, dst, a, s) {
			return
		}
		n := integersScalar(op, dst, a, s)
		dst, a = dst[n:], a[n:]
	}
	switch op {
	case Add:
		for i, v := range a {
			dst[i] = v + s
		}
	case Sub:
		for i, v := range a {
			dst[i] = v - s
		}
	case Mul:
		for i, v := range a {
			dst[i] = v * s
		}
	case Div:
		for i, v := range a {
			dst[i] = v / s
		}
	case Min:
		for i, v := range a {
			dst[i] = min(v, s)
		}
	case Max:
		for i, v := range a {
			dst[i] = max(v, s)
		}
	default:
		panic(badOp("BinaryOp", uint8(op)))
	}
}

// integersScalar is [integers] for a b that is everywhere s.
func integersScalar[T Number](op BinaryOp, dst, a []T, s T) int {
	var copies [wordLanes]T
	for i := range copies {
		copies[i] = s
	}
	return integers(op, dst, a, copies[:], 0)
}

// ScalarBinary computes dst[i] = s op b[i]. dst may be b. Values are as [Binary]'s.
func ScalarBinary[T Number](op BinaryOp, dst []T, s T, b []T) {
	b = b[:len(dst)]
	if len(dst) >= simdMin && scalarBinarySIMD(op, dst, s, b) {
		return
	}
	switch op {
	case Sub:
		for i, v := range b {
			dst[i] = s - v
		}
	case Div:
		for i, v := range b {
			dst[i] = s / v
		}
	default: // the others commute
		BinaryScalar(op, dst, b, s)
	}
}

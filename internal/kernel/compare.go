package kernel

// CompareOp names a comparison of two numbers.
type CompareOp uint8

// The comparisons. With NaN on either side NotEqual is true and the others are false; -0 equals +0.
const (
	Equal CompareOp = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

// Compare computes dst[i] = 1 if a[i] op b[i], else 0. For T = uint8 dst may be a, b or both.
func Compare[T Number](op CompareOp, dst []uint8, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	switch op {
	case Equal:
		for i := range dst {
			dst[i] = truth(a[i] == b[i])
		}
	case NotEqual:
		for i := range dst {
			dst[i] = truth(a[i] != b[i])
		}
	case Less:
		for i := range dst {
			dst[i] = truth(a[i] < b[i])
		}
	case LessEqual:
		for i := range dst {
			dst[i] = truth(a[i] <= b[i])
		}
	case Greater:
		Compare(Less, dst, b, a)
	case GreaterEqual:
		Compare(LessEqual, dst, b, a)
	default:
		panic(badOp("CompareOp", uint8(op)))
	}
}

// CompareScalar computes dst[i] = 1 if a[i] op s, else 0. For s op a[i], swap Less with Greater and LessEqual with
// GreaterEqual.
func CompareScalar[T Number](op CompareOp, dst []uint8, a []T, s T) {
	a = a[:len(dst)]
	switch op {
	case Equal:
		for i, v := range a {
			dst[i] = truth(v == s)
		}
	case NotEqual:
		for i, v := range a {
			dst[i] = truth(v != s)
		}
	case Less:
		for i, v := range a {
			dst[i] = truth(v < s)
		}
	case LessEqual:
		for i, v := range a {
			dst[i] = truth(v <= s)
		}
	case Greater:
		for i, v := range a {
			dst[i] = truth(v > s)
		}
	case GreaterEqual:
		for i, v := range a {
			dst[i] = truth(v >= s)
		}
	default:
		panic(badOp("CompareOp", uint8(op)))
	}
}

// CompareStrided computes dst[i*ds] = 1 if a[i*as] op b[i*bs], else 0, for i in [0, n). as and bs may be 0 (broadcast).
func CompareStrided[T Number](op CompareOp, dst []uint8, ds int, a []T, as int, b []T, bs int, n int) {
	switch {
	case n == 0:
	case ds == 1 && as == 1 && bs == 1:
		Compare(op, dst[:n], a, b)
	case ds == 1 && as == 1 && bs == 0:
		CompareScalar(op, dst[:n], a, b[0])
	default:
		for i := range n { // one element at a time: a strided comparison is rare, and six more loops are not worth it
			CompareScalar(op, dst[i*ds:i*ds+1], a[i*as:i*as+1], b[i*bs])
		}
	}
}

// truth is 1 or 0; the compiler turns it into a flag-setting instruction, not a jump.
func truth(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

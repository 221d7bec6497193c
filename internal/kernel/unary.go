package kernel

// UnaryOp names an operation on one number of any type.
type UnaryOp uint8

// The unary operations. On integers they wrap: Neg of an unsigned v is 2^bits - v, Neg and Abs of the most
// negative integer are itself (as in NumPy). On floats Neg and Abs change the sign of zeros too; a NaN stays NaN.
const (
	Neg UnaryOp = iota
	Abs
	Square
)

// Unary computes dst[i] = op a[i]. dst may be a.
func Unary[T Number](op UnaryOp, dst, a []T) {
	a = a[:len(dst)]
	if unarySIMD(op, dst, a) {
		return
	}
	switch op {
	case Neg:
		for i, v := range a {
			dst[i] = -v
		}
	case Abs: // integers only: a float has a sign bit that this comparison does not see
		for i, v := range a {
			if v < 0 { // never true of an unsigned number
				v = -v
			}
			dst[i] = v
		}
	case Square:
		for i, v := range a {
			dst[i] = v * v
		}
	default:
		panic(badOp("UnaryOp", uint8(op)))
	}
}

// ReLU computes dst[i] = max(a[i], 0). NaN stays NaN; the sign of a zero result is unspecified. dst may be a.
func ReLU[T Number](dst, a []T) {
	a = a[:len(dst)]
	if len(dst) >= simdMin && reluSIMD(dst, a) {
		return
	}
	for i, v := range a {
		if v < 0 { // false for NaN, which stays
			v = 0
		}
		dst[i] = v
	}
}

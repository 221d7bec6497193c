package ops

import (
	"math"
	"strconv"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

func init() {
	register("Cast", cast, 1, 6, 9, 13, 19, 21, 23, 24, 25)
	register("CastLike", castLike, 15, 19, 21, 23, 24, 25)
}

func cast(c *Call) {
	to := tensor.Type(c.Int("to", 0))
	if s := c.Attrs["to"]; s != nil && len(s.S) > 0 { // the first form has names
		to = map[string]tensor.Type{"FLOAT": tensor.Float, "DOUBLE": tensor.Double, "INT32": tensor.Int32, "INT64": tensor.Int64,
			"BOOL": tensor.Bool, "UINT8": tensor.Uint8, "INT8": tensor.Int8}[string(s.S)]
	}
	castTo(c, to)
}

func castLike(c *Call) { castTo(c, c.Input(1).Type) }

func castTo(c *Call, to tensor.Type) {
	x := c.Input(0)
	c.Declare(0, to, x.Shape...)
	if to == x.Type {
		c.View(0, 0, 0)
		return
	}
	if !castable(to) || !castable(x.Type) {
		c.Unsupported("from %v to %v", x.Type, to)
	}
	if x.Type.Bits() == to.Bits() {
		c.InPlace(0, 0)
	}
	c.Kernel = castFrom(c, x.Type, to)
}

func castable(t tensor.Type) bool {
	return t.IsNumeric() || t == tensor.Bool || t == tensor.String || t == tensor.Float16 || t == tensor.BFloat16
}

func castFrom(c *Call, from, to tensor.Type) Kernel {
	switch from {
	case tensor.Float:
		return castKernel[float32](to)
	case tensor.Double:
		return castKernel[float64](to)
	case tensor.Int8:
		return castKernel[int8](to)
	case tensor.Int16:
		return castKernel[int16](to)
	case tensor.Int32:
		return castKernel[int32](to)
	case tensor.Int64:
		return castKernel[int64](to)
	case tensor.Uint8, tensor.Bool:
		return castKernel[uint8](to)
	case tensor.Uint16:
		return castKernel[uint16](to)
	case tensor.Uint32:
		return castKernel[uint32](to)
	case tensor.Uint64:
		return castKernel[uint64](to)
	case tensor.Float16, tensor.BFloat16:
		widen := FromFloat16
		if from == tensor.BFloat16 {
			widen = FromBFloat16
		}
		return castHalf(widen, to)
	}
	return castStrings(c, to)
}

func castKernel[F tensor.Number](to tensor.Type) Kernel {
	switch to {
	case tensor.Float:
		return castNumbers[F, float32]
	case tensor.Double:
		return castNumbers[F, float64]
	case tensor.Int8:
		return castNumbers[F, int8]
	case tensor.Int16:
		return castNumbers[F, int16]
	case tensor.Int32:
		return castNumbers[F, int32]
	case tensor.Int64:
		return castNumbers[F, int64]
	case tensor.Uint8:
		return castNumbers[F, uint8]
	case tensor.Uint16:
		return castNumbers[F, uint16]
	case tensor.Uint32:
		return castNumbers[F, uint32]
	case tensor.Uint64:
		return castNumbers[F, uint64]
	case tensor.Bool:
		return func(a *Args) error {
			for i, v := range slice[F](a.In[0]) {
				a.Out[0].Data[i] = 0
				if v != 0 {
					a.Out[0].Data[i] = 1
				}
			}
			return nil
		}
	case tensor.String:
		return func(a *Args) error {
			for i, v := range slice[F](a.In[0]) {
				a.Out[0].Strings[i] = numberText(v)
			}
			return nil
		}
	}
	narrow := ToFloat16
	if to == tensor.BFloat16 {
		narrow = ToBFloat16
	}
	return func(a *Args) error {
		dst := slice[uint16](a.Out[0])
		for i, v := range slice[F](a.In[0]) {
			dst[i] = narrow(float64(v))
		}
		return nil
	}
}

func castNumbers[F, T tensor.Number](a *Args) error {
	dst := slice[T](a.Out[0])
	for i, v := range slice[F](a.In[0]) {
		dst[i] = T(v)
	}
	return nil
}

func castHalf(widen func(uint16) float32, to tensor.Type) Kernel {
	fromFloat := func(f float32, a *Args, i int) {}
	switch to {
	case tensor.Float:
		return func(a *Args) error {
			dst := slice[float32](a.Out[0])
			for i, v := range slice[uint16](a.In[0]) {
				dst[i] = widen(v)
			}
			return nil
		}
	case tensor.Double:
		fromFloat = func(f float32, a *Args, i int) { slice[float64](a.Out[0])[i] = float64(f) }
	case tensor.Int8:
		fromFloat = func(f float32, a *Args, i int) { slice[int8](a.Out[0])[i] = int8(f) }
	case tensor.Int16:
		fromFloat = func(f float32, a *Args, i int) { slice[int16](a.Out[0])[i] = int16(f) }
	case tensor.Int32:
		fromFloat = func(f float32, a *Args, i int) { slice[int32](a.Out[0])[i] = int32(f) }
	case tensor.Int64:
		fromFloat = func(f float32, a *Args, i int) { slice[int64](a.Out[0])[i] = int64(f) }
	case tensor.Uint8:
		fromFloat = func(f float32, a *Args, i int) { slice[uint8](a.Out[0])[i] = uint8(f) }
	case tensor.Uint16:
		fromFloat = func(f float32, a *Args, i int) { slice[uint16](a.Out[0])[i] = uint16(f) }
	case tensor.Uint32:
		fromFloat = func(f float32, a *Args, i int) { slice[uint32](a.Out[0])[i] = uint32(f) }
	case tensor.Uint64:
		fromFloat = func(f float32, a *Args, i int) { slice[uint64](a.Out[0])[i] = uint64(f) }
	case tensor.Bool:
		fromFloat = func(f float32, a *Args, i int) {
			a.Out[0].Data[i] = 0
			if f != 0 {
				a.Out[0].Data[i] = 1
			}
		}
	case tensor.String:
		fromFloat = func(f float32, a *Args, i int) { a.Out[0].Strings[i] = numberText(f) }
	case tensor.Float16:
		fromFloat = func(f float32, a *Args, i int) { slice[uint16](a.Out[0])[i] = ToFloat16(float64(f)) }
	case tensor.BFloat16:
		fromFloat = func(f float32, a *Args, i int) { slice[uint16](a.Out[0])[i] = ToBFloat16(float64(f)) }
	}
	return func(a *Args) error {
		for i, v := range slice[uint16](a.In[0]) {
			fromFloat(widen(v), a, i)
		}
		return nil
	}
}

// numberText writes a number as NumPy does.
func numberText[T tensor.Number](v T) string {
	switch f := any(v).(type) {
	case float32:
		return floatText(float64(f), 32)
	case float64:
		return floatText(f, 64)
	case uint64:
		return strconv.FormatUint(f, 10)
	}
	return strconv.FormatInt(int64(v), 10)
}

func floatText(v float64, bits int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "INF"
	case math.IsInf(v, -1):
		return "-INF"
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}

func castStrings(c *Call, to tensor.Type) Kernel {
	switch to {
	case tensor.Float:
		return func(a *Args) error { return parse(slice[float32](a.Out[0]), a.In[0].Strings) }
	case tensor.Double:
		return func(a *Args) error { return parse(slice[float64](a.Out[0]), a.In[0].Strings) }
	case tensor.Int32:
		return func(a *Args) error { return parse(slice[int32](a.Out[0]), a.In[0].Strings) }
	case tensor.Int64:
		return func(a *Args) error { return parse(slice[int64](a.Out[0]), a.In[0].Strings) }
	}
	c.Unsupported("from %v to %v", tensor.String, to)
	return nil
}

func parse[T tensor.Number](dst []T, src []string) error {
	var zero T
	isFloat := tensor.Of[T]().IsFloat()
	for i, s := range src {
		if !isFloat {
			v, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return err
			}
			dst[i] = T(v)
			continue
		}
		v, err := strconv.ParseFloat(s, tensor.Of[T]().Bits())
		if err != nil {
			return err
		}
		dst[i] = zero + T(v)
	}
	return nil
}

// FromFloat16 returns the number that IEEE 754's 16 bits are.
func FromFloat16(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch {
	case exp == 31:
		return math.Float32frombits(sign | 255<<23 | frac<<13)
	case exp == 0:
		v := float32(frac) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// ToFloat16 rounds to IEEE 754's 16 bits, to even.
func ToFloat16(v float64) uint16 {
	bits := math.Float64bits(v)
	sign := uint16(bits >> 48 & 0x8000)
	switch a := math.Abs(v); {
	case a != a:
		return sign | 0x7e00
	case a >= 65520:
		return sign | 0x7c00
	case a < 1.0/(1<<14):
		return sign | uint16(math.RoundToEven(a*(1<<24)))
	default:
		exp := int(bits>>52&2047) - 1023
		frac := math.RoundToEven(math.Ldexp(a, 10-exp)) // 1024 … 2048
		return sign | uint16((exp+14)<<10+int(frac))
	}
}

// FromBFloat16 returns the number of which h is the upper half.
func FromBFloat16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// ToBFloat16 rounds to the upper half of a float, to even.
func ToBFloat16(v float64) uint16 {
	bits := math.Float32bits(float32(v))
	if v != v {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

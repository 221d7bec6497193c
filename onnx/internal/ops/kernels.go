package ops

import "github.com/allocarrays/allocarrays-go/onnx/internal/tensor"

// kernels has a kernel for each type of numbers, nil for those that an operator does not take.
type kernels struct{ f32, f64, i8, i16, i32, i64, u8, u16, u32, u64 Kernel }

// forNumbers returns the kernel for a type.
func forNumbers(c *Call, t tensor.Type, k kernels) Kernel {
	fn := map[tensor.Type]Kernel{tensor.Float: k.f32, tensor.Double: k.f64, tensor.Int8: k.i8, tensor.Int16: k.i16, tensor.Int32: k.i32,
		tensor.Int64: k.i64, tensor.Uint8: k.u8, tensor.Uint16: k.u16, tensor.Uint32: k.u32, tensor.Uint64: k.u64}[t]
	if fn == nil {
		c.Unsupported("input 0 of type %v", t)
	}
	return fn
}

// sized has a kernel for each size of elements, for operators that move elements and compute nothing.
type sized struct{ b1, b2, b4, b8 Kernel }

func forSize(c *Call, t tensor.Type, k sized) Kernel {
	switch t.Bits() {
	case 8:
		return k.b1
	case 16:
		return k.b2
	case 32:
		return k.b4
	case 64:
		return k.b8
	}
	c.Unsupported("elements of type %v", t)
	return nil
}

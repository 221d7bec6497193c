package allocarray

// Element lists the element types, exactly: a type defined on one of them, such as
// type Celsius float32, is not an Element. None contains a pointer, which is what
// lets them live in a buffer that the garbage collector does not look into.
type Element interface {
	int8 | int16 | int32 | int64 | int | uint8 | uint16 | uint32 | uint64 | uint | float32 | float64
}

// Float lists the element types of operations that make sense for floating-point
// numbers only.
type Float interface{ float32 | float64 }

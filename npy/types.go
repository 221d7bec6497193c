package npy

import (
	"fmt"
	"strings"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

const descrBool = "|b1"

// goTypes are the element types by NumPy's name.
var goTypes = map[string]string{
	"|i1": "int8", "<i2": "int16", "<i4": "int32", "<i8": "int64",
	"|u1": "uint8", "<u2": "uint16", "<u4": "uint32", "<u8": "uint64",
	"<f2": "allocarray.Float16", "<f4": "float32", "<f8": "float64", descrBool: "uint8",
}

// descrOf returns NumPy's name of T.
func descrOf[T allocarray.Storage]() string {
	switch any(*new(T)).(type) {
	case int8:
		return "|i1"
	case int16:
		return "<i2"
	case int32:
		return "<i4"
	case int64, int:
		return "<i8"
	case uint8:
		return "|u1"
	case uint16:
		return "<u2"
	case uint32:
		return "<u4"
	case uint64, uint:
		return "<u8"
	case allocarray.Float16:
		return "<f2"
	case float32:
		return "<f4"
	}
	return "<f8"
}

// checkType returns an error unless elements with NumPy's name are Ts.
func checkType[T allocarray.Storage](descr string) error {
	if len(descr) == 3 && (descr[2] == '1') && strings.IndexByte("<>=", descr[0]) >= 0 {
		descr = "|" + descr[1:] // one byte has no order
	}
	_, isByte := any(*new(T)).(uint8)
	if descr == descrOf[T]() || descr == descrBool && isByte {
		return nil
	}
	if name, ok := goTypes[descr]; ok {
		return fmt.Errorf("npy: elements are %s, not %T: read them as %s", descr, *new(T), name)
	}
	if strings.HasPrefix(descr, ">") {
		return fmt.Errorf("npy: elements are big-endian (%s): write them with x.astype(x.dtype.newbyteorder('<'))", descr)
	}
	return fmt.Errorf("npy: elements of type %q are not read", descr)
}

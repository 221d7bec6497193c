package scope

import (
	"reflect"
	"sync"
)

// pointerFree holds the types that have been found to contain no pointers.
var pointerFree sync.Map // reflect.Type → struct{}

// requirePointerFree panics if T contains a pointer. The usual numeric types are
// known to the compiler; any other is walked once and remembered.
func requirePointerFree[T any]() {
	switch any((*T)(nil)).(type) {
	case *int8, *int16, *int32, *int64, *int, *uint8, *uint16, *uint32, *uint64, *uint,
		*float32, *float64, *complex64, *complex128, *bool:
		return
	}
	t := reflect.TypeFor[T]()
	if _, ok := pointerFree.Load(t); ok {
		return
	}
	if path, found := findPointer(t, t.String()); found {
		panic(misuse("element type %v contains a pointer (%s): the garbage collector does not see pointers in a buffer", t, path))
	}
	pointerFree.Store(t, struct{}{})
}

// findPointer returns the path, as a Go expression, of the first pointer in t.
func findPointer(t reflect.Type, path string) (string, bool) {
	switch t.Kind() {
	case reflect.Array:
		if t.Len() == 0 {
			return "", false
		}
		return findPointer(t.Elem(), path+"[0]")
	case reflect.Struct:
		return findPointerField(t, path)
	case reflect.Bool, reflect.Uintptr, reflect.Complex64, reflect.Complex128,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return "", false
	}
	return path + " is a " + t.Kind().String(), true
}

func findPointerField(t reflect.Type, path string) (string, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		if p, found := findPointer(f.Type, path+"."+f.Name); found {
			return p, true
		}
	}
	return "", false
}

//go:build asan

// Package poison marks released memory for the address sanitizer.
package poison

// #include <stddef.h>
// void __asan_poison_memory_region(void const volatile *p, size_t n);
// void __asan_unpoison_memory_region(void const volatile *p, size_t n);
import "C"

import "unsafe"

// On reports whether the build watches released memory.
const On = true

// Poison marks mem as released: any access is reported until Unpoison.
func Poison(mem []byte) {
	if len(mem) > 0 {
		// The range is the slice itself: it is only told to the sanitizer.
		C.__asan_poison_memory_region(unsafe.Pointer(unsafe.SliceData(mem)), C.size_t(len(mem)))
	}
}

// Unpoison marks mem as in use.
func Unpoison(mem []byte) {
	if len(mem) > 0 {
		C.__asan_unpoison_memory_region(unsafe.Pointer(unsafe.SliceData(mem)), C.size_t(len(mem)))
	}
}

//go:build asan

package bumper

// #include <stddef.h>
// void __asan_poison_memory_region(void const volatile *p, size_t n);
// void __asan_unpoison_memory_region(void const volatile *p, size_t n);
import "C"

import "unsafe"

// announce tells the address sanitizer that memory was released: any access is then
// reported until the memory is handed out again.
func announce(mem []byte) {
	if len(mem) > 0 {
		C.__asan_poison_memory_region(unsafe.Pointer(unsafe.SliceData(mem)), C.size_t(len(mem)))
	}
}

// claim tells the address sanitizer that memory is in use.
func claim(mem []byte) {
	if len(mem) > 0 {
		C.__asan_unpoison_memory_region(unsafe.Pointer(unsafe.SliceData(mem)), C.size_t(len(mem)))
	}
}

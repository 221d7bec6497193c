//go:build linux || darwin

package testenv

import (
	"syscall"
	"testing"
	"unsafe"
)

// Fenced returns n elements between two pages that cannot be touched: right before the
// second, or right behind the first. The test crashes where it reads or writes outside.
func Fenced[T any](t testing.TB, n int, behindFirst bool) []T {
	t.Helper()
	var zero T
	page, size := syscall.Getpagesize(), n*int(unsafe.Sizeof(zero))
	middle := (size + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, middle+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(all) })
	for _, fence := range [][]byte{all[:page], all[page+middle:]} {
		if err := syscall.Mprotect(fence, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	from := page
	if !behindFirst {
		from += middle - size
	}
	if n == 0 {
		return nil
	}
	// The bytes are mapped until the test ends, hold no pointers, and are n elements, to whose
	// size a page is aligned.
	return unsafe.Slice((*T)(unsafe.Pointer(&all[from])), n)
}

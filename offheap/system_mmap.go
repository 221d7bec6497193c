//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package offheap

import "syscall"

// kernel is the operating system itself.
type kernel struct{}

func (kernel) pageSize() int { return syscall.Getpagesize() }

func (kernel) mmap(size int) ([]byte, error) {
	return syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
}

func (kernel) munmap(mem []byte) error { return syscall.Munmap(mem) }

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package offheap

import "syscall"

// host is the operating system that the program runs on.
type host struct{}

func (host) pageSize() int { return syscall.Getpagesize() }

func (host) mmap(size int) ([]byte, error) {
	return syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
}

func (host) munmap(mem []byte) error { return syscall.Munmap(mem) }

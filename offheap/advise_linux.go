package offheap

import "syscall"

func (host) adviseHuge(mem []byte) error { return syscall.Madvise(mem, syscall.MADV_HUGEPAGE) }

func (host) discard(mem []byte) error { return syscall.Madvise(mem, syscall.MADV_DONTNEED) }

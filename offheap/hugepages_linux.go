package offheap

import "syscall"

func (kernel) adviseHuge(mem []byte) error { return syscall.Madvise(mem, syscall.MADV_HUGEPAGE) }

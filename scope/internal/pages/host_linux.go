package pages

import "syscall"

// noReserve keeps the reservation out of the system's accounts.
const noReserve = syscall.MAP_NORESERVE

// discard gives back the memory behind the addresses. If the system refuses, it
// stays resident, which is harmless.
func discard(mem []byte) { _ = syscall.Madvise(mem, syscall.MADV_DONTNEED) }

package pages

import "syscall"

// noReserve keeps the reservation out of the system's accounts.
const noReserve = syscall.MAP_NORESERVE

// discard gives the memory behind the addresses back. Should the system refuse, it
// stays resident, which harms nobody.
func discard(mem []byte) { _ = syscall.Madvise(mem, syscall.MADV_DONTNEED) }

//go:build linux || darwin

package guard

import "syscall"

func unreserve(mem []byte) { _ = syscall.Munmap(mem) }

//go:build linux || darwin

package pages

import "syscall"

func unreserve(mem []byte) { _ = syscall.Munmap(mem) }

//go:build linux || darwin

package pages

import (
	"math"
	"math/bits"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// host is the operating system.
type host struct{}

var hostPageSize = os.Getpagesize()

func (host) pageSize() int { return hostPageSize }

// reserve takes as much of the address space as it can get: addresses cost nothing,
// and the more there are, the later one is reused. If the process has a limit, it takes
// at most an eighth of that and leaves the rest to the program.
func (host) reserve() (mem []byte, err error) {
	const least = 24 // 16 MiB
	most := 36       // 64 GiB
	if strconv.IntSize == 32 {
		most = 28
	}
	err = syscall.ENOMEM
	for most = min(most, bits.Len64(addressLimit()/8)-1); most >= least; most-- {
		mem, err = syscall.Mmap(-1, 0, 1<<most, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE|noReserve)
		if err == nil {
			return mem, touch(mem[:hostPageSize])
		}
	}
	return nil, err
}

// addressLimit returns how many bytes of addresses the process may use in all.
func addressLimit() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_AS, &limit) != nil {
		return math.MaxUint64
	}
	return uint64(limit.Cur)
}

// touch writes to the first page and shuts it again. Linux joins neighbouring mappings
// of equal protection only if their pages have the same history (mm/vma.c,
// is_mergeable_anon_vma); begun before the first split, all have this one.
func touch(page []byte) error {
	if err := (host{}).open(page); err != nil {
		return err
	}
	page[0] = canary
	return host{}.shut(page)
}

func (host) open(mem []byte) error {
	return syscall.Mprotect(mem, syscall.PROT_READ|syscall.PROT_WRITE)
}

func (host) shut(mem []byte) error { return syscall.Mprotect(mem, syscall.PROT_NONE) }

func (host) discard(mem []byte) { discard(mem) }

// maxBlocks keeps the mappings below a tenth of what a process may have. A block
// makes two: its pages, and the gap to the next. The rest of the tenth is for other
// mappings of the program.
func (host) maxBlocks() int { return maxMappings / 25 }

// maxMappings is the limit of Linux, or its default on other systems.
var maxMappings = func() int {
	text, err := os.ReadFile("/proc/sys/vm/max_map_count")
	n, bad := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || bad != nil {
		return 65530
	}
	return n
}()

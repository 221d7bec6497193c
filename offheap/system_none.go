//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package offheap

// host stands for a system on which this package maps nothing.
type host struct{}

func (host) pageSize() int            { return 4096 }
func (host) mmap(int) ([]byte, error) { return nil, ErrUnsupported }
func (host) munmap([]byte) error      { return ErrUnsupported }

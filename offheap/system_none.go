//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package offheap

// kernel stands for a system on which this package maps nothing.
type kernel struct{}

func (kernel) pageSize() int            { return 4096 }
func (kernel) mmap(int) ([]byte, error) { return nil, ErrUnsupported }
func (kernel) munmap([]byte) error      { return ErrUnsupported }

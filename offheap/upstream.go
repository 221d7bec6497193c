package offheap

import (
	"fmt"
	"sync"

	"github.com/allocarrays/allocarrays-go/bumper"
)

// upstream is where a heap gets its memory. A bumper.Source need not be safe for
// concurrent use, so its calls are made one after the other.
type upstream struct {
	mu     sync.Mutex
	source bumper.Source
	zeroed bool // what it gives is zero
}

// acquire checks what it gets: a lie would corrupt the books or the memory.
func (u *upstream) acquire(size int) ([]byte, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	mem, err := u.source.Acquire(size)
	if err != nil {
		return nil, err
	}
	if len(mem) < size || address(mem)%64 != 0 {
		return nil, fmt.Errorf("offheap: source %T broke its contract: %d bytes at %#x for %d", u.source, len(mem), address(mem), size)
	}
	return mem, nil
}

func (u *upstream) release(mem []byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.source.Release(mem)
}

// err returns what the source itself has recorded, if it is one that does.
func (u *upstream) err() error {
	if s, ok := u.source.(interface{ Err() error }); ok {
		return s.Err()
	}
	return nil
}

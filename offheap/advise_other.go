//go:build !linux

package offheap

func (host) adviseHuge([]byte) error { return nil }

// discard does nothing: elsewhere MADV_DONTNEED does not free memory at once.
func (host) discard([]byte) error { return nil }

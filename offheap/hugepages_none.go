//go:build !linux

package offheap

func (kernel) adviseHuge([]byte) error { return nil }

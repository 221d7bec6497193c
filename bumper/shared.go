package bumper

import (
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// The storages of the buffers, for package locked: storage that it carves into regions
// comes from a buffer's source, within the buffer's limit, and is not part of its slabs.
var (
	_ handshake.Storage = allocStorage{}
	_ handshake.Storage = slabStorage{}
	_ handshake.Storage = autoscalingStorage{}
)

// allocStorage lends what is left of an AllocBuffer, in one piece.
type allocStorage struct{ b *AllocBuffer }

func (s allocStorage) Acquire(size int) ([]byte, memory.Stamp, error) {
	b := s.b
	if b.levels.at.Mem == nil && b.store.source != nil && size <= b.size {
		if err := b.take(); err != nil {
			return nil, memory.Stamp{}, err
		}
	}
	start := min((b.levels.at.Off+63)&^63, len(b.levels.at.Mem))
	if size > len(b.levels.at.Mem)-start {
		return nil, memory.Stamp{}, errLimit
	}
	b.levels.at.Off = len(b.levels.at.Mem)
	return b.levels.at.Mem[start:], b.levels.at.Top, nil
}

func (s allocStorage) Release(mem []byte) {
	s.b.levels.at.Off -= len(mem)
	if s.b.levels.at.Off == 0 {
		s.b.drop()
	}
}

func (s allocStorage) Room() int {
	if s.b.levels.at.Mem == nil && s.b.store.source != nil {
		return s.b.size
	}
	return len(s.b.levels.at.Mem) - s.b.levels.at.Off
}

func (s allocStorage) Limit() int   { return s.b.size }
func (s allocStorage) Held() int    { return s.b.store.held }
func (s allocStorage) Prompt() bool { return s.b.store.prompt }

// slabStorage lends slabs of a SlabBuffer, or larger pieces.
type slabStorage struct{ b *SlabBuffer }

func (s slabStorage) Acquire(size int) ([]byte, memory.Stamp, error) {
	mem, err := s.b.acquire(max(size, s.b.slabSize))
	if err != nil && size < s.b.slabSize {
		mem, err = s.b.acquire(size)
	}
	return mem, memory.Stamp{}, err
}

func (s slabStorage) Release(mem []byte) { s.b.store.release(mem) }
func (s slabStorage) Room() int          { return s.b.store.roomAtOnce() }
func (s slabStorage) Limit() int         { return s.b.store.limit }
func (s slabStorage) Held() int          { return s.b.store.holds() }
func (s slabStorage) Prompt() bool       { return s.b.store.prompt }

// autoscalingStorage lends pieces, each as large as all before together, so that their
// number stays small.
type autoscalingStorage struct{ b *AutoscalingBuffer }

func (s autoscalingStorage) Acquire(size int) ([]byte, memory.Stamp, error) {
	store := &s.b.store
	want := max(size, s.b.initial, store.held)
	mem, err := store.acquire(max(size, min(want, store.room(want))))
	if err != nil && want > size {
		mem, err = store.acquire(size)
	}
	return mem, memory.Stamp{}, err
}

func (s autoscalingStorage) Release(mem []byte) { s.b.store.release(mem) }
func (s autoscalingStorage) Room() int          { return s.b.store.room(0) }
func (s autoscalingStorage) Limit() int         { return s.b.store.limit }
func (s autoscalingStorage) Held() int          { return s.b.store.held }
func (s autoscalingStorage) Prompt() bool       { return s.b.store.prompt }

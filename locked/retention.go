package locked

import (
	"time"
)

// Defaults of [Retain], in bytes.
const (
	DefaultFloor   = 1 << 20
	DefaultCeiling = 256 << 20
)

// An Option configures a shared [Buffer].
type Option func(*Buffer)

// Retain sets how much idle storage the buffer keeps for the next requests, in bytes.
//
// What is idle beyond ceiling goes back to the buffer's source at once. The rest goes
// back, down to floor, when for six seconds less than a quarter of it was used at any
// time: a spike leaves nothing behind, and a pause neither. Storage goes back in the
// pieces in which it was taken; of one that is partly in use nothing more is taken, and it
// goes back when nothing in it is in use.
//
// The defaults are [DefaultFloor] and [DefaultCeiling]; with bumper.Prompt both are 0.
func Retain(floor, ceiling int) Option {
	return func(b *Buffer) {
		b.mu.Lock()
		b.floor, b.ceiling = floor, max(floor, ceiling)
		b.settle()
		b.mu.Unlock()
	}
}

// retention decides when idle storage goes back. It is used under the lock of its
// Buffer.
type retention struct {
	floor, ceiling int

	timer *time.Timer // made when first needed
	armed bool
	peak  int // the most bytes in use since the last tick
	low   int // how many ticks in a row have found little in use
}

// tick is how often the buffer looks, while something is idle; after lowTicks ticks in a
// row with less than a quarter in use, storage goes back. The evidence is that of
// encoding/json/jsontext: four uses below a quarter.
const (
	tick     = 1500 * time.Millisecond
	lowTicks = 4
)

func newRetention(prompt bool) retention {
	if prompt {
		return retention{}
	}
	return retention{floor: DefaultFloor, ceiling: DefaultCeiling}
}

// settle is called when memory has become idle. b.mu is held.
func (b *Buffer) settle() {
	idle := b.arena.capacity - b.arena.used
	if idle > b.ceiling && b.arena.whole() > 0 || b.arena.retired() {
		b.wake(0)
	} else if idle > 0 && b.arena.capacity > b.floor && !b.armed {
		b.wake(tick)
	}
}

// wake runs look after some time. b.mu is held.
func (b *Buffer) wake(after time.Duration) {
	b.armed = true
	if b.timer == nil {
		b.timer = time.AfterFunc(after, b.look)
		return
	}
	b.timer.Reset(after)
}

// look gives storage back if there is reason to. It runs in a goroutine of its own, while
// something is idle.
func (b *Buffer) look() {
	b.growing.Lock()
	defer b.growing.Unlock()
	b.mu.Lock()
	capacity, peak := b.arena.capacity, b.peak
	b.peak = b.arena.used
	keep := capacity - max(capacity-b.arena.used-b.ceiling, 0) // what is idle beyond the ceiling goes
	if peak >= capacity/4 {
		b.low = 0
	} else if b.low++; b.low >= lowTicks {
		keep = min(keep, max(b.floor, 2*peak))
	}
	back := b.arena.removeWhole(func(length int) bool {
		if capacity <= keep {
			return false
		}
		capacity -= length
		return true
	})
	if b.low >= lowTicks {
		b.arena.retireDownTo(keep)
	}
	b.armed = false
	b.settle()
	b.mu.Unlock()
	b.release(back)
}

// Trim gives all storage that holds nothing back to the buffer's source, at once.
func (b *Buffer) Trim() {
	b.growing.Lock()
	defer b.growing.Unlock()
	b.trim()
}

// TrimIdle is for package bumper, which calls it when the buffer inside is trimmed or
// closed.
func (b *Buffer) TrimIdle() {
	if b.closing.Load() {
		b.trim()
		return
	}
	b.Trim()
}

// trim is Trim; b.growing is held.
func (b *Buffer) trim() {
	b.reclaim()
	b.mu.Lock()
	if b.isolating {
		b.spare = nil // they hold the rest of a span
	}
	back := b.arena.removeWhole(func(int) bool { return true })
	if b.timer != nil && b.arena.capacity <= b.floor {
		b.timer.Stop()
		b.armed = false
	}
	b.mu.Unlock()
	b.release(back)
}

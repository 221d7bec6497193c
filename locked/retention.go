package locked

import (
	"slices"
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
// Idle storage beyond ceiling goes back to the buffer's source at once. The rest goes
// back, down to floor, when less than a quarter of all storage was in use at any time
// during six seconds, as after a spike. Storage goes back in the pieces in which it was
// taken. A piece that is still partly in use serves no new requests, and goes back when
// all of it is idle.
//
// An isolating buffer keeps no idle storage, but the rests that regions have left of theirs;
// they go when nobody has needed them for six to twelve seconds.
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
	low   int // how many ticks in a row found little in use

	unused int // isolating: how many spare regions, the first ones, nobody has taken since the last look
}

// tick is how often the buffer checks, while something is idle; after lowTicks ticks in a
// row with less than a quarter in use, storage goes back. encoding/json/jsontext has the
// same rule: four uses below a quarter.
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
	if b.isolating { // what is idle are the rests of spans that spare regions hold
		if len(b.spare) > 0 && !b.armed {
			b.unused = len(b.spare)
			b.wake(lowTicks * tick)
		}
		return
	}
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

// look gives back storage that has been idle for long or is beyond the ceiling. It runs
// in a goroutine of its own, while something is idle.
func (b *Buffer) look() {
	b.growing.Lock()
	defer b.growing.Unlock()
	b.mu.Lock()
	if b.isolating {
		b.spare = slices.Delete(b.spare, 0, b.unused) // the last are taken first
		b.armed = false
		b.settle()
		b.mu.Unlock()
		return
	}
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

// Trim gives all idle pieces of storage back to the buffer's source at once.
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
		b.spare, b.unused = nil, 0 // they hold the rest of a span
	}
	back := b.arena.removeWhole(func(int) bool { return true })
	if b.timer != nil && b.arena.capacity <= b.floor {
		b.timer.Stop()
		b.armed = false
	}
	b.mu.Unlock()
	b.release(back)
}

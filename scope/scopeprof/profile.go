package scopeprof

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// DefaultRate is how many bytes are allocated between two samples, on average, unless New
// is told otherwise: that of the runtime's heap profile.
const DefaultRate = 512 << 10

// A Profile collects samples of what the allocators that it is around hand out. It is safe
// for concurrent use. Make one with [New].
type Profile struct {
	rate float64
	left atomic.Int64 // bytes until the next sample

	mu    sync.Mutex
	sites map[stack]*site
	live  []block // samples in scopes that have not been found ended
	sweep int     // how many there may be before the next look
}

// depth is how many calls of a stack are kept.
const depth = 32

type stack [depth]uintptr

// site is what was allocated by one stack, scaled.
type site struct{ objects, bytes float64 }

// block is one sample.
type block struct {
	stamp          memory.Stamp
	site           stack
	objects, bytes float64 // that it stands for
}

// New returns an empty profile that takes a sample whenever about rate bytes were allocated;
// 0 stands for [DefaultRate], and with 1 nothing is left out. It panics if rate is negative.
func New(rate int) *Profile {
	if rate < 0 {
		panic(fmt.Sprintf("scopeprof: New with rate %d", rate))
	}
	if rate == 0 {
		rate = DefaultRate
	}
	p := &Profile{rate: float64(rate), sites: map[stack]*site{}, sweep: 1024}
	p.left.Store(p.interval())
	return p
}

// Around returns an allocator that is a, of which the profile takes samples; it stays in force
// in all scopes. It costs an atomic addition for each block, and a few microseconds for a
// sample; and a scope.Builder on it grows by copies. It panics if a is nil.
func (p *Profile) Around(a scope.Allocator) scope.Allocator {
	if a == nil {
		panic("scopeprof: Around a nil Allocator")
	}
	return &profiled{a, p}
}

// interval draws the distance to the next sample, so that no pattern of sizes escapes.
func (p *Profile) interval() int64 {
	if p.rate == 1 {
		return 0
	}
	return int64(rand.ExpFloat64() * p.rate)
}

// profiled is an allocator in a profile.
type profiled struct {
	inner   scope.Allocator
	profile *Profile
}

var _ memory.Wrapper = (*profiled)(nil)

func (a *profiled) Alloc(size, align uintptr) (memory.Block, error) {
	b, err := a.inner.Alloc(size, align)
	if err == nil && size > 0 && a.profile.left.Add(-int64(size)) < 0 {
		a.profile.sample(size, b.Stamp)
	}
	return b, err
}

func (a *profiled) Unwrap() scope.Allocator { return a.inner }

func (a *profiled) Rewrap(inner scope.Allocator) scope.Allocator {
	return &profiled{inner, a.profile}
}

// String names the allocator in messages.
func (a *profiled) String() string { return fmt.Sprintf("profiled %v", a.inner) }

// sample records a block.
func (p *Profile) sample(size uintptr, stamp memory.Stamp) {
	p.left.Store(p.interval())
	b := block{stamp: stamp, objects: 1, bytes: float64(size)}
	if p.rate > 1 { // as runtime/pprof scales: this is how likely such a block is drawn
		b.objects = 1 / (1 - math.Exp(-b.bytes/p.rate))
		b.bytes *= b.objects
	}
	runtime.Callers(3, b.site[:]) // what called Alloc
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sites[b.site]
	if s == nil {
		s = new(site)
		p.sites[b.site] = s
	}
	s.objects += b.objects
	s.bytes += b.bytes
	if stamp == (memory.Stamp{}) {
		return // the heap's: nobody says when it is free
	}
	if len(p.live) >= p.sweep {
		p.forget()
		p.sweep = max(1024, 2*len(p.live))
	}
	p.live = append(p.live, b)
}

// forget removes samples whose scope has ended. p.mu is held.
func (p *Profile) forget() {
	kept := p.live[:0]
	for _, b := range p.live {
		if b.stamp.Live() {
			kept = append(kept, b)
		}
	}
	clear(p.live[len(kept):])
	p.live = kept
}

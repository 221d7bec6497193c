package replay

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/plan"
)

const (
	mostKeys  = 256     // scopes that are remembered
	mostKinds = 4       // recordings of one scope
	mostSteps = 1 << 18 // of all recordings together
)

// A key names the scopes that are expected to be alike: the function of scope.NoEscape, and
// the name in the context.
type key struct {
	pc   uintptr
	name string
}

// Plans are what buffers have recorded, and the plans made of it. Buffers that share them,
// such as those of the regions of one shared buffer, learn from one another. They are
// bounded: the recordings that have not been used for the longest time make room. Plans are
// safe for concurrent use.
type Plans struct {
	entries atomic.Pointer[map[key]*entry] // replaced, never changed
	mu      sync.Mutex                     // of who replaces it
	clock   atomic.Uint64                  // counts what is learned
}

// An entry is all that is known of the scopes with one key.
type entry struct {
	key   key
	used  atomic.Uint64                // when, by the clock of Plans
	kinds atomic.Pointer[[]*recording] // replaced, never changed; the likeliest first

	runs, replays, diverged atomic.Uint64

	mu      sync.Mutex
	learned int          // how many recordings were planned
	wait    atomic.Int64 // how many scopes must end before the next is
	busy    bool         // one is being planned
}

// A recording is what one scope did, and its plan. It never changes.
type recording struct {
	steps  []step
	track  []handshake.Step // the same, for a run that follows
	more   []uint32         // for track
	epochs []uint32         // of each step: which epoch its block has
	most   int              // how many epochs there are
	sums   []int            // sums[i] is the sum of the first i needs
	prefix []uint64         // prefix[i] is a hash of the first i needs
	births []birth
	peak   int // granules
	bound  int
	online int // what best fit needs
	bump   int // the most that bumping would have held
}

// A step is one allocation, and where it goes.
type step struct{ need, off int }

// begins reports whether the first n blocks of two recordings are the same, and whether r
// has more.
func (r *recording) begins(other *recording, n int) bool {
	return n < len(r.steps) && n < len(other.prefix) && r.prefix[n] == other.prefix[n]
}

// same reports whether a recording is of these births.
func (r *recording) same(births []birth) bool { return slices.Equal(r.births, births) }

// find returns the entry of a key, or nil.
func (p *Plans) find(k key) *entry {
	if m := p.entries.Load(); m != nil {
		return (*m)[k]
	}
	return nil
}

// A finder remembers what it has found last: the scopes at one level are often alike.
type finder struct {
	in  *map[key]*entry
	key key
	e   *entry
}

// find is p.find(k).
func (f *finder) find(p *Plans, k key) *entry {
	if in := p.entries.Load(); f.in != in || f.key != k {
		*f = finder{in: in, key: k}
		if in != nil {
			f.e = (*in)[k]
		}
	}
	return f.e
}

// all returns the recordings.
func (e *entry) all() []*recording {
	if kinds := e.kinds.Load(); kinds != nil {
		return *kinds
	}
	return nil
}

// choose returns the recording that a scope is expected to be which begins with a block of
// n granules.
func (e *entry) choose(n int) *recording {
	kinds := e.all()
	for _, r := range kinds {
		if r.steps[0].need == n {
			return r
		}
	}
	if len(kinds) > 0 {
		return kinds[0]
	}
	return nil
}

// began counts a run.
func (p *Plans) began(e *entry) {
	e.runs.Add(1)
	if now := p.clock.Load(); e.used.Load() != now {
		e.used.Store(now)
	}
}

// ended counts how a run has ended, and makes its recording the likeliest.
func (e *entry) ended(rec *recording, followed bool) {
	if !followed {
		e.diverged.Add(1)
		return
	}
	e.replays.Add(1)
	if kinds := e.all(); len(kinds) > 1 && kinds[0] != rec {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.prefer(rec)
	}
}

// prefer puts rec in front. e.mu is held.
func (e *entry) prefer(rec *recording) {
	kinds := []*recording{rec}
	for _, r := range e.all() {
		if r != rec && len(kinds) < mostKinds {
			kinds = append(kinds, r)
		}
	}
	e.kinds.Store(&kinds)
}

// want returns e if the scope with its key that has just ended is to be planned, or nil. After the
// first two, only every second one is that diverges, then every fourth and so on, so that
// scopes that are never alike do not cost a plan each.
func (p *Plans) want(e *entry) *entry {
	if e.wait.Add(-1) >= 0 {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy {
		return nil
	}
	e.busy = true
	return e
}

// learn plans what a scope did, and remembers it. It takes time, as plan.Pack does for so
// many blocks.
func (p *Plans) learn(e *entry, births []birth, bump int) {
	var rec *recording
	if !slices.ContainsFunc(e.all(), func(r *recording) bool { return r.same(births) }) {
		rec = newRecording(births, bump)
	}
	e.mu.Lock()
	e.busy = false
	e.learned++
	e.wait.Store(1<<min(e.learned-1, 20) - 1)
	if rec != nil {
		e.prefer(rec)
	}
	e.mu.Unlock()
	p.clock.Add(1)
	p.trim()
}

func newRecording(births []birth, bump int) *recording {
	if slices.ContainsFunc(births, func(b birth) bool { return uint64(b.need) > math.MaxUint32 }) {
		return nil // a quarter of a TiB
	}
	p := problem(births)
	found, err := plan.Pack(p)
	if err != nil {
		return nil
	}
	online, err := plan.Online(p)
	if err != nil {
		return nil
	}
	r := &recording{births: births, bump: bump, peak: int(found.Peak), bound: int(found.Bound), online: int(online.Peak)}
	r.steps = make([]step, len(births))
	r.prefix = make([]uint64, len(births)+1)
	r.sums = make([]int, len(births)+1)
	hash := uint64(0)
	for i, b := range births {
		r.steps[i] = step{b.need, int(found.Offsets[i])}
		hash = (hash ^ uint64(b.need)) * 0x9e3779b97f4a7c15
		hash ^= hash >> 32
		r.prefix[i+1] = hash
		r.sums[i+1] = r.sums[i] + b.need
	}
	r.prepare()
	return r
}

// add adds an entry.
func (p *Plans) add(k key) *entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.find(k); e != nil {
		return e
	}
	m := map[key]*entry{}
	if old := p.entries.Load(); old != nil {
		for k, e := range *old {
			m[k] = e
		}
	}
	e := &entry{key: k}
	e.used.Store(p.clock.Add(1))
	m[k] = e
	p.entries.Store(&m)
	return e
}

// trim drops the entries that were not used for the longest time, until there are few
// enough.
func (p *Plans) trim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, steps := p.list(), 0
	for _, e := range all {
		steps += e.steps()
	}
	if len(all) <= mostKeys && steps <= mostSteps {
		return
	}
	slices.SortFunc(all, func(a, b *entry) int { return cmp.Compare(b.used.Load(), a.used.Load()) })
	for last := len(all) - 1; last > 0 && (len(all) > mostKeys || steps > mostSteps); last-- {
		steps -= all[last].steps()
		all = all[:last]
	}
	m := map[key]*entry{}
	for _, e := range all {
		m[e.key] = e
	}
	p.entries.Store(&m)
}

func (e *entry) steps() (n int) {
	for _, r := range e.all() {
		n += len(r.steps)
	}
	return n
}

// list returns the entries.
func (p *Plans) list() (all []*entry) {
	if m := p.entries.Load(); m != nil {
		for _, e := range *m {
			all = append(all, e)
		}
	}
	return all
}

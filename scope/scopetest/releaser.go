package scopetest

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// releaserRules are those of [memory.Releaser], which an allocator keeps if it is one.
var releaserRules = []*trial.Rule{trial.Releases, trial.ReleaseRefused, trial.ReleaseSteady}

// rulesOf returns the rules that s is tested for.
func rulesOf(s trial.Subject, rules ...[]*trial.Rule) []*trial.Rule {
	if s.TakesBack() {
		rules = append(rules, releaserRules)
	}
	return slices.Concat(rules...)
}

// releaser looks for violations of the contract of memory.Releaser, if s is one.
func (f *findings) releaser(s trial.Subject) {
	if !s.TakesBack() {
		return
	}
	f.run(s, releasePrograms)
	f.run(s, randomReleases)
	if !testenv.Slow() { // which allocate by themselves
		f.check(steadyReleaseProgram, func() { checkSteadyRelease(s.New().Allocator) })
	}
}

func release(n int) trial.Op { return trial.Op{Kind: trial.ReleaseOne, N: n} }

// misreleases tries everything that must be refused.
func misreleases() (p trial.Program) {
	for n := range 8 {
		p = append(p, trial.Op{Kind: trial.Misrelease, N: n})
	}
	return p
}

func releasePrograms(yield func(trial.Program) bool) {
	wrong := misreleases()
	loop := func(n int, body ...trial.Op) trial.Op { return trial.Op{Kind: trial.Loop, N: n, Body: body} }
	inside := func(p trial.Program) trial.Program { return trial.Program{scoped(trial.ByReturn, p...)} }
	for _, p := range []trial.Program{
		// In every order, with what must be refused at every moment.
		append(slices.Concat(wrong, some(release(0)), wrong, some(release(3), release(3)), wrong), release(0), release(1), release(0)),
		// More memory, one block after the other, than there is.
		{alloc(100, 8), loop(4*Room/5000, alloc(5000, 8), release(1)), alloc(100, 8)},
		{alloc(100, 8), loop(4*Room/5000, alloc(5000, 64), alloc(1, 1), release(1), release(1)), alloc(100, 8)},
		// What is released in a scope is not released again by its end.
		append(trial.Program{loop(20, scoped(trial.ByReturn, append(some(release(1), release(1)), some(wrong...)...)...))}, some(wrong...)...),
		append(some(scoped(trial.ByError, some(release(5), release(4))...), scoped(trial.ByReturn, some()...)), some()...),
		append(some(scoped(trial.ByPanic, some(release(6))...), scoped(trial.ByPanic, some()...)), some()...),
		// Blocks of the scope around.
		append(some(scoped(trial.ByReturn, some(release(0), alloc(1, 8), release(0))...)), some(wrong...)...),
		append(some(scoped(trial.ByReturn, scoped(trial.ByReturn, append(some(release(2), release(1)), some()...)...)), release(0)), some()...),
	} {
		if !yield(p) || !yield(inside(p)) {
			return
		}
	}
}

// randomReleases yields random programs with releases between their operations.
func randomReleases(yield func(trial.Program) bool) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range max(20, trial.Programs(60)) {
		if !yield(withReleases(rng, trial.Decode(trial.Random(rng)))) {
			return
		}
	}
}

func withReleases(rng *rand.Rand, p trial.Program) (with trial.Program) {
	for _, op := range p {
		op.Body = withReleases(rng, op.Body)
		with = append(with, op)
		switch rng.IntN(6) {
		case 0, 1:
			with = append(with, release(rng.IntN(1000)))
		case 2:
			with = append(with, trial.Op{Kind: trial.Misrelease, N: rng.IntN(1000)})
		}
	}
	return with
}

const steadyReleaseProgram = `for range 1000 {
	b0, err := a.Alloc(1000, 8)
	b1, err := a.Alloc(3000, 8)
	ok = a.(memory.Releaser).Release(b0.Bytes(), b0.Stamp)
	ok = a.(memory.Releaser).Release(b1.Bytes(), b1.Stamp) // ← release steady
}`

// checkSteadyRelease counts what allocations and releases allocate on the Go heap.
func checkSteadyRelease(a scope.Allocator) {
	run := func(a scope.Allocator) error {
		r, able := memory.ReleaserOf(a)
		if !able {
			return nil
		}
		n := mallocs(func() {
			var blocks [2]memory.Block
			for i, size := range [...]uintptr{1000, 3000} {
				blocks[i], _ = a.Alloc(size, 8)
			}
			for _, b := range blocks {
				r.Release(b.Bytes(), b.Stamp)
			}
		})
		trial.Require(n < steadyRounds/10, trial.ReleaseSteady, "%d rounds of two allocations and releases make %d objects", steadyRounds, n)
		return nil
	}
	_ = run(a)
	var v any
	_ = scope.NoEscape(scope.WithAllocator(context.Background(), a), func(ctx context.Context) error {
		defer func() { v = recover() }()
		return run(scope.AllocatorFrom(ctx))
	})
	if v != nil {
		panic(v)
	}
}

const steadyRounds = 1000

// counting is held while objects are counted: GOMAXPROCS is 1 then.
var counting sync.Mutex

// mallocs returns how many objects steadyRounds calls of f make: the least of several counts, as
// other goroutines may make some.
func mallocs(f func()) uint64 {
	counting.Lock()
	defer counting.Unlock()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	least := ^uint64(0)
	for range 10 {
		var before, after runtime.MemStats
		f()
		runtime.ReadMemStats(&before)
		for range steadyRounds {
			f()
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.Mallocs-before.Mallocs)
	}
	return least
}

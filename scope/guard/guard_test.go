package guard_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// inMode sets the guard mode for the rest of the test. A test of guarded pages is
// skipped where there are none.
func inMode(t testing.TB, m guard.Mode) {
	if m != guard.Off && runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("no page protection on this system")
	}
	before := guard.Set(m)
	t.Cleanup(func() { guard.Set(before); guard.SetRate(1000) })
}

// guardChild tells a process what to print about its guards.
const guardChild = "ALLOCARRAYS_GUARD_CHILD"

// TestGuardChild is what the processes run that other tests start.
func TestGuardChild(t *testing.T) {
	switch os.Getenv(guardChild) {
	case "":
		t.Skip("run by other tests")
	case "mode":
		fmt.Printf("mode %d\n", guard.Set(guard.Sample))
	case "count":
		fmt.Printf("count %d\n", sampled(30_000, false))
	}
}

// inProcess runs TestGuardChild in a process with ALLOCARRAYS_GUARD=mode.
func inProcess(what, mode string) (string, error) {
	cmd := testenv.Self("-test.run", "^TestGuardChild$")
	cmd.Env = append(os.Environ(), guardChild+"="+what, "ALLOCARRAYS_GUARD="+mode)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestGuardEnvironment(t *testing.T) {
	for mode, want := range map[string]guard.Mode{
		"": guard.Off, "off": guard.Off, "sample": guard.Sample,
		"sample:1": guard.Sample, "sample:12345678": guard.Sample, "full": guard.Full,
	} {
		out, err := inProcess("mode", mode)
		require.NoError(t, err, out)
		require.Contains(t, out, fmt.Sprintf("mode %d\n", want), mode)
	}
	for _, bad := range []string{"on", "FULL", "sample:", "sample:0", "sample:-1", "sample:x", "sample:1:2", "full:3", "off:1", ":7", " full"} {
		out, err := inProcess("mode", bad)
		require.Error(t, err, bad)
		require.Contains(t, out, fmt.Sprintf("panic: guard: ALLOCARRAYS_GUARD=%q: want off, sample, sample:N or full", bad))
	}
}

func TestSetGuard(t *testing.T) {
	inMode(t, guard.Off)
	require.Equal(t, guard.Off, guard.Set(guard.Full))
	require.Equal(t, guard.Full, guard.Set(guard.Sample))
	require.Equal(t, guard.Sample, guard.Set(guard.Off))
	for _, n := range []int{0, -1} {
		require.PanicsWithValue(t, "guard: SetRate("+strconv.Itoa(n)+"): the rate must be positive", func() { guard.SetRate(n) })
	}
}

// sampled counts how many of n scopes are guarded: all blocks of a scope, or none. The
// scopes are of one buffer, or each of a fresh one.
func sampled(n int, fresh bool) (count int) {
	storage := make([]byte, 1<<10)
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBufferOn(storage))
	for range n {
		if fresh {
			ctx = scope.WithAllocator(context.Background(), bumper.NewAllocBufferOn(storage))
		}
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			first := trial.Inside(scope.Make[byte](ctx, 8), storage)
			if second := trial.Inside(scope.Make[byte](ctx, 8), storage); first != second {
				panic("a scope is guarded in part")
			}
			if !first {
				count++
			}
			return nil
		})
	}
	return count
}

// TestGuardSample: about one scope in N is guarded, also if each has a buffer of its
// own, and the same ones in each run of a program.
func TestGuardSample(t *testing.T) {
	inMode(t, guard.Sample)
	n := 100_000
	if testing.Short() || testenv.Slow() {
		n = 20_000
	}
	for _, rate := range []int{1000, 100} {
		guard.SetRate(rate)
		want := float64(n / rate)
		slack := 4 * math.Sqrt(want) // as if by chance: standard deviation √want
		require.InDelta(t, want, sampled(n, false), slack, "1 in %d", rate)
		require.InDelta(t, want, sampled(n, true), slack, "1 in %d, each of a fresh buffer", rate)
	}
	guard.SetRate(1)
	require.Equal(t, 100, sampled(100, true))
	first, err := inProcess("count", "sample:300")
	require.NoError(t, err)
	second, err := inProcess("count", "sample:300")
	require.NoError(t, err)
	count := func(out string) string { return strings.SplitAfter(out, "\n")[0] }
	require.Equal(t, count(first), count(second))
	require.Contains(t, first, "count ")
}

// ring is an allocator of a third party's, with stamps: what it hands out lives until
// reset.
type ring struct {
	mem   []byte
	off   int
	epoch *memory.Epoch
}

func newRing() *ring {
	r := &ring{mem: make([]byte, 1<<16)}
	r.epoch = memory.NewEpoch(r)
	return r
}

func (r *ring) Alloc(size, align uintptr) (memory.Block, error) {
	start, end, ok := bumper.Fit(r.mem, r.off, size, align)
	if !ok {
		return memory.Block{}, &scope.ExhaustedError{Allocator: "ring", Requested: size}
	}
	r.off = end
	return memory.NewBlock(r.mem[start:end], r.epoch.Stamp()), nil
}

func (r *ring) reset() { r.epoch.End(); r.off = 0 }

// stale returns, for each kind of allocator, a slice of 10 float64 whose scope has
// ended.
var stale = map[string]func(t *testing.T) []float64{
	"unlocked": func(t *testing.T) []float64 {
		return kept(t, scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()))
	},
	"locked": func(t *testing.T) []float64 {
		return kept(t, locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()))
	},
	"fallback": func(t *testing.T) []float64 {
		return kept(t, scope.WithAllocator(t.Context(), meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Fallback())))
	},
	"group worker": func(t *testing.T) (s []float64) {
		g := locked.NewGroup(locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()))
		g.Go(func(ctx context.Context) error { s = kept(t, ctx); return nil })
		require.NoError(t, g.Wait())
		return s
	},
	"third party": func(t *testing.T) []float64 {
		r := newRing()
		s := scope.Make[float64](scope.WithAllocator(t.Context(), r), 10)
		r.reset()
		return s
	},
	"reset": func(t *testing.T) []float64 {
		buf := bumper.NewAutoscalingBuffer()
		s := scope.Make[float64](scope.WithAllocator(t.Context(), buf), 10)
		require.NoError(t, buf.Reset())
		return s
	},
}

func kept(t *testing.T, ctx context.Context) (s []float64) {
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		s = scope.Make[float64](ctx, 10)
		return nil
	}))
	return s
}

// TestGuardExplains: a raw slice that is used after the end of its scope faults at
// every element, and the panic tells which byte of which block it was, where that was
// allocated and where its scope ended.
func TestGuardExplains(t *testing.T) {
	inMode(t, guard.Full)
	for name, get := range stale {
		t.Run(name, func(t *testing.T) {
			s := get(t)
			for i := range s {
				err := panicOf(func() { _ = scope.Try(func() error { s[i]++; return nil }) })
				require.ErrorIs(t, err, scope.ErrStale)
				require.IsType(t, &scope.StaleError{}, err)
				text := err.Error()
				require.Contains(t, text, fmt.Sprintf("byte %d of a block of 80 bytes allocated at\n\t", 8*i))
				require.Regexp(t, `(?s)guard_test\.go:\d+ \(github\.com/\S+\)\n.*whose scope has ended`, text)
				require.NotContains(t, text, "scope.Make", "the way from there is no news")
				if name != "third party" { // which does not say where
					require.Regexp(t, `ended at \S+guard_test\.go:\d+`, text)
				}
			}
		})
	}
}

// panicOf returns the error that f panics with.
func panicOf(f func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	f()
	return nil
}

// TestGuardHeap: blocks of the heap live for ever and are never moved, those of a
// fallback included.
func TestGuardHeap(t *testing.T) {
	inMode(t, guard.Full)
	full := meter.New(bumper.NewAllocBuffer(64), meter.Fallback())
	for _, ctx := range []context.Context{t.Context(), scope.WithAllocator(t.Context(), full)} {
		var s []float64
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			s = scope.Make[float64](ctx, 100)
			return nil
		}))
		require.NoError(t, scope.Try(func() error { s[99] = 1; return nil }))
	}
}

// guardedKinds are contexts of all kinds of buffers.
func guardedKinds() map[string]context.Context {
	background := context.Background()
	return map[string]context.Context{
		"alloc":       scope.WithAllocator(background, bumper.NewAllocBuffer(1<<20)),
		"slab":        scope.WithAllocator(background, bumper.NewSlabBuffer(bumper.SlabSize(1000))),
		"isolating":   scope.WithAllocator(background, bumper.NewSlabBuffer(bumper.Isolating())),
		"autoscaling": scope.WithAllocator(background, bumper.NewAutoscalingBuffer(bumper.Initial(100))),
		"locked":      locked.WithLockedBumper(background, bumper.NewSlabBuffer()),
		"fallback":    scope.WithAllocator(background, meter.New(locked.Share(bumper.NewAllocBuffer(1000)), meter.Fallback())),
	}
}

// TestGuardOverrun: a write behind a block, too near for a fault, is reported when the
// scope ends.
func TestGuardOverrun(t *testing.T) {
	inMode(t, guard.Full)
	for name, ctx := range guardedKinds() {
		if name == "isolating" {
			continue // is not guarded
		}
		err := panicOf(func() {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error {
				s := scope.Make[float64](ctx, 10)
				*(*byte)(unsafe.Add(unsafe.Pointer(&s[0]), 80)) = 1
				return nil
			})
		})
		require.IsType(t, &guard.OverrunError{}, err, name)
		require.Contains(t, err.Error(), "guard: write behind a block of 80 bytes allocated at", name)

		ctx, s := scope.Open(ctx)
		*(*byte)(unsafe.Add(unsafe.Pointer(&scope.Make[float64](ctx, 10)[0]), 80)) = 1
		require.IsType(t, &guard.OverrunError{}, panicOf(func() { _ = s.End() }), name)
		require.NoError(t, s.End())
	}
}

// script is a random program: nested scopes, allocations through the package's own
// functions, and, if modes is set, changes of the mode at any time.
type script struct {
	rng    *rand.Rand
	ledger trial.Ledger
	owner  int
	modes  bool
}

func (p *script) run(ctx context.Context, depth int) {
	p.owner++
	owner := p.owner
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		for range p.rng.IntN(8) {
			p.allocate(ctx, owner)
			if depth < 4 && p.rng.IntN(3) == 0 {
				p.run(ctx, depth+1)
			}
			if p.modes {
				guard.Set(guard.Mode(p.rng.IntN(3)))
			}
		}
		return nil
	})
	p.ledger.End(owner)
}

func (p *script) allocate(ctx context.Context, owner int) {
	n := p.rng.IntN(700) >> p.rng.IntN(8)
	_, err := p.ledger.Alloc(func(uintptr, uintptr) (memory.Block, error) {
		s, stamp, err := scope.Alloc[float64](ctx, n)
		return memory.NewBlock(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), 8*n), stamp), err
	}, owner, uintptr(8*n), 8)
	if err != nil {
		panic(err)
	}
}

// scripts runs programs on all kinds of buffers, by several goroutines at once.
func scripts(t *testing.T, modes bool) {
	count := 60
	if testing.Short() || testenv.Slow() {
		count = 10
	}
	var all sync.WaitGroup
	for seed := range uint64(3) {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(seed, 9))
			for range count {
				err := trial.Find(func() {
					for _, ctx := range guardedKinds() {
						p := &script{rng: rng, modes: modes}
						p.run(ctx, 0)
					}
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// TestGuardPrograms: right programs run as without guards, and are not accused.
func TestGuardPrograms(t *testing.T) {
	inMode(t, guard.Full)
	scripts(t, false)
}

// TestGuardSwitched: the mode may change while scopes are open.
func TestGuardSwitched(t *testing.T) {
	inMode(t, guard.Sample)
	guard.SetRate(2)
	scripts(t, true)
}

// TestGuardOffAllocatesNothing: what is not used costs nothing, nor does what is used
// for one scope in a thousand, in the others.
func TestGuardOffAllocatesNothing(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	for _, m := range []guard.Mode{guard.Off, guard.Sample} {
		inMode(t, m)
		guard.SetRate(1 << 30)
		ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
		run := func() {
			_ = scope.NoEscape(ctx, func(ctx context.Context) error {
				_, _, err := scope.Alloc[float64](ctx, 100)
				return err
			})
		}
		run()
		require.Zero(t, testing.AllocsPerRun(100, run))
	}
}

// panicsOnce is a source whose first acquisition panics.
type panicsOnce struct{ did bool }

func (p *panicsOnce) Acquire(n int) ([]byte, error) {
	if !p.did {
		p.did = true
		panic("once")
	}
	return bumper.GoHeap().Acquire(n)
}

func (*panicsOnce) Release([]byte) {}

// A panic in an allocator does not leave its buffer marked as used by somebody.
func TestGuardAfterAPanic(t *testing.T) {
	defer guard.Set(guard.Set(guard.Full))
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer(bumper.From(new(panicsOnce))))
	require.PanicsWithValue(t, "once", func() { _ = scope.Make[byte](ctx, 10) })
	require.Len(t, scope.Make[byte](ctx, 10), 10)
}

// recovering is what the middleware of a server does with a panic.
func recovering(f func()) (err error) {
	defer func() { err = scope.Explain(recover()) }()
	f()
	return nil
}

// TestExplain: behind the scope, a fault says no more than that an address is invalid.
// Explain tells which block it was.
func TestExplain(t *testing.T) {
	inMode(t, guard.Full)
	var s []float64
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()), func(ctx context.Context) error {
		s = scope.Make[float64](ctx, 10)
		return nil
	}))
	err := recovering(func() { s[3]++ })
	require.ErrorIs(t, err, scope.ErrStale)
	require.Regexp(t, `access to byte 24 of a block of 80 bytes allocated at\s+\S+guard_test.go:\d+ .*TestExplain`, err.Error())
	require.Regexp(t, `whose scope has ended at \S+guard_test.go:\d+ .*TestExplain`, err.Error())

	require.NoError(t, recovering(func() {}))
	require.ErrorContains(t, recovering(func() { panic("text") }), "text")
	require.ErrorIs(t, recovering(func() { panic(context.Canceled) }), context.Canceled)
	var nowhere *int
	err = recovering(func() { *nowhere = 1 })
	require.NotErrorIs(t, err, scope.ErrStale, "a fault of another kind is left alone")
	require.ErrorContains(t, err, "nil pointer dereference")
}

// fault is a fault at an address, as far as Explain can see.
type fault uintptr

func (f fault) Addr() uintptr { return uintptr(f) }

func (f fault) Error() string { return fmt.Sprintf("fault at %#x", uintptr(f)) }

// TestExplainOutside: an access outside a block is told from one inside a block whose scope
// has ended, and one that has nothing to do with any is left alone.
func TestExplainOutside(t *testing.T) {
	inMode(t, guard.Full)
	r := newRing()
	s := scope.Make[byte](scope.WithAllocator(t.Context(), r), 10)
	begin := reflect.ValueOf(s).Pointer()
	require.Equal(t, fault(1), scope.Explain(fault(1)))

	var overrun *guard.OverrunError
	err := scope.Explain(fault(begin + 10))
	require.ErrorAs(t, err, &overrun)
	require.Regexp(t, `(?s)^guard: access to byte 10 of a block of 10 bytes allocated at\n.*\)$`, err.Error())
	require.NotContains(t, err.Error(), "has ended")

	r.reset()
	err = scope.Explain(fault(begin + 10))
	require.ErrorAs(t, err, &overrun)
	require.Regexp(t, `(?s)^guard: access to byte 10 of .*\)\nwhose scope has ended$`, err.Error())
	err = scope.Explain(fault(begin))
	require.ErrorIs(t, err, scope.ErrStale)
	require.Regexp(t, `(?s)^scope: access to byte 0 of .*whose scope has ended; `, err.Error())
}

// TestFaultsArePanics: in guard mode NoEscape and Try make faults panics for the rest of the
// goroutine, for a stale use comes later; without guard mode they leave that as it was.
func TestFaultsArePanics(t *testing.T) {
	for _, m := range []guard.Mode{guard.Off, guard.Sample, guard.Full} {
		inMode(t, m)
		nothing := func(context.Context) error { return nil }
		for name, run := range map[string]func(){
			"Try":        func() { _ = scope.Try(func() error { return nil }) },
			"Open":       func() { _, s := scope.Open(t.Context()); _ = s.End() },
			"heap":       func() { _ = scope.NoEscape(t.Context(), nothing) },
			"checkpoint": func() { _ = scope.NoEscape(scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()), nothing) },
			"region":     func() { _ = scope.NoEscape(locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer()), nothing) },
		} {
			panics := make(chan bool)
			go func() {
				run()
				panics <- debug.SetPanicOnFault(false)
			}()
			require.Equal(t, m != guard.Off, <-panics, "mode %d, %s", m, name)
		}
	}
}

// TestWatchedCheckpoint: in full guard mode the beginning of a scope counts as a use of its
// buffer, which ends with it.
func TestWatchedCheckpoint(t *testing.T) {
	inMode(t, guard.Full)
	buf := &slow{Checkpointer: bumper.NewSlabBuffer(), entered: make(chan bool), leave: make(chan bool)}
	ctx := scope.WithAllocator(t.Context(), buf)
	done := make(chan error)
	go func() { done <- scope.NoEscape(ctx, func(context.Context) error { return nil }) }()
	<-buf.entered
	err := panicOf(func() { scope.Make[byte](ctx, 1) })
	buf.leave <- true
	require.NoError(t, <-done)
	var concurrent *guard.ConcurrentUseError
	require.ErrorAs(t, err, &concurrent)
	require.Contains(t, concurrent.Second, "NoEscape at\n")
	require.Contains(t, concurrent.First, "an allocation at\n")
}

// TestLateIsNoUse: what is allocated too late does not touch the buffer, which may be in
// use by its next owner.
func TestLateIsNoUse(t *testing.T) {
	inMode(t, guard.Full)
	buf := &slow{Checkpointer: bumper.NewSlabBuffer(), entered: make(chan bool), leave: make(chan bool)}
	outside := scope.WithAllocator(t.Context(), buf)
	go func() { <-buf.entered; buf.leave <- true }()
	ctx, s := scope.Open(outside)
	require.NoError(t, s.End())
	done := make(chan error)
	go func() { done <- scope.NoEscape(outside, func(context.Context) error { return nil }) }()
	<-buf.entered
	err := panicOf(func() { scope.Make[byte](ctx, 1) })
	buf.leave <- true
	require.NoError(t, <-done)
	require.NoError(t, err)
	require.EqualValues(t, 1, s.Late())
}

// slow is a buffer whose Checkpoint takes until it is told to leave.
type slow struct {
	memory.Checkpointer
	entered, leave chan bool
}

func (s *slow) Checkpoint() memory.Checkpoint {
	s.entered <- true
	<-s.leave
	return s.Checkpointer.Checkpoint()
}

func (s *slow) Unwrap() scope.Allocator { return s.Checkpointer }

// TestIsolatingIsNotGuarded: what refers to memory of an isolating buffer may go on
// using it in every mode, so guard mode must leave it where it is.
func TestIsolatingIsNotGuarded(t *testing.T) {
	for _, m := range []guard.Mode{guard.Sample, guard.Full} {
		inMode(t, m)
		guard.SetRate(1)
		for name, a := range map[string]scope.Allocator{
			"plain":  bumper.NewSlabBuffer(bumper.Isolating()),
			"locked": locked.Share(bumper.NewSlabBuffer(bumper.Isolating())),
		} {
			ctx := scope.WithAllocator(t.Context(), a)
			var kept [][]int
			for i := range 5000 { // more than the budget of guarded blocks
				require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
					s := scope.Make[int](ctx, 100)
					s[7] = i
					kept = append(kept, s)
					return nil
				}))
			}
			for i, s := range kept {
				require.Equal(t, i, s[7], name)
				s[8] = 1
			}
		}
	}
}

// TestAddressLimit: a program that needs most of the addresses that it may have gets them
// in guard mode too. The guards reserve no more than a part.
func TestAddressLimit(t *testing.T) {
	if runtime.GOOS != "linux" || strconv.IntSize == 32 || testenv.Race {
		t.Skip("limits the addresses of a process of 64 bits, without the race detector's own")
	}
	if os.Getenv(guardChild) == "limit" {
		s := kept(t, scope.WithAllocator(t.Context(), bumper.NewSlabBuffer()))
		large := make([]byte, 1<<30)
		err := scope.Try(func() error { large[0] = byte(s[3]); return nil })
		t.Fatalf("not reached: %v", err)
	}
	self := testenv.Self("-test.run", "^TestAddressLimit$")
	cmd := exec.Command("sh", append([]string{"-c", `ulimit -v 3145728 && exec "$@"`, "sh"}, self.Args...)...)
	cmd.Env = append(os.Environ(), guardChild+"=limit", "ALLOCARRAYS_GUARD=full")
	out, err := cmd.CombinedOutput()
	require.Error(t, err, "the stale slice is caught")
	require.Contains(t, string(out), "scope: access to byte 24 of a block of 80 bytes")
	require.NotContains(t, string(out), "out of memory")
}

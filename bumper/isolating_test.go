package bumper_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// isolating are isolating buffers of different slab sizes, some of which make most
// blocks custom ones.
var isolating = map[string]func() bumper.Buffer{
	"isolating":        func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.Isolating()) },
	"isolating/small":  func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.Isolating(), bumper.SlabSize(1)) },
	"isolating/64KiB":  func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.Isolating(), bumper.SlabSize(64<<10)) },
	"isolating/custom": func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(100), bumper.Isolating()) },
}

func TestIsolatingConformance(t *testing.T) {
	for name, new := range isolating {
		t.Run(name, func(t *testing.T) { scopetest.TestBuffer(t, new) })
		t.Run(name+"/region", func(t *testing.T) {
			scopetest.TestAllocator(t, func() scope.Allocator { return locked.Share(new()) })
		})
	}
}

// TestIsolatingPrograms runs random programs of nested scopes: outer data is intact
// whatever inner scopes do.
func TestIsolatingPrograms(t *testing.T) {
	count := 300
	if testing.Short() || testenv.Slow() {
		count = 40
	}
	for seed := range count {
		program := trial.Random(rand.New(rand.NewPCG(uint64(seed), 15)))
		for name, new := range isolating {
			require.NoError(t, trial.RunProgram(new, true, program), "%s, program %q", name, program)
			shared := locked.Share(new())
			counts := func() trial.Counts {
				s := shared.Stats()
				return trial.Counts{Open: s.Open, Late: s.Late}
			}
			require.NoError(t, trial.RunRegions(shared, counts, program), "%s, program %q", name, program)
		}
	}
}

// A hoard is slices that were kept beyond their scopes, and what each was filled with.
type hoard struct {
	slices [][]byte
	marks  []byte
}

func (h *hoard) keep(s []byte, mark byte) {
	h.slices, h.marks = append(h.slices, s), append(h.marks, mark)
}

func (h *hoard) requireOwnData(t *testing.T) {
	for i, s := range h.slices {
		require.NotContains(t, string(s), string([]byte{h.marks[i] + 1}))
		require.Equal(t, slices.Repeat(h.marks[i:i+1], len(s)), s, "slice %d shows another scope's data", i)
	}
}

// visit runs n scopes of 1 to 100 000 bytes, each filled with a mark of its own, and
// keeps what every 100th allocated. Garbage is collected now and then.
func (h *hoard) visit(ctx context.Context, n int, rng *rand.Rand) {
	for i := range n {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			for range 1 + rng.IntN(4) {
				s := scope.Make[byte](ctx, 1+rng.IntN(100_000)>>rng.IntN(10))
				mark := byte(2 * i)
				for k := range s {
					s[k] = mark
				}
				if i%100 == 0 {
					h.keep(s, mark)
				}
			}
			return nil
		})
		if i%1000 == 500 {
			runtime.GC()
		}
	}
}

// TestIsolatingKeepsData: slices that were kept too long show what their own scope
// wrote, through 10 000 later scopes.
func TestIsolatingKeepsData(t *testing.T) {
	n := 10_000
	if testing.Short() || testenv.Slow() {
		n = 600
	}
	for name, new := range isolating {
		t.Run(name+"/plain", func(t *testing.T) {
			var h hoard
			h.visit(scope.WithAllocator(t.Context(), new()), n, rand.New(rand.NewPCG(1, 2)))
			h.requireOwnData(t)
		})
		t.Run(name+"/regions", func(t *testing.T) {
			var h hoard
			h.visit(locked.WithLockedBumper(t.Context(), new()), n, rand.New(rand.NewPCG(3, 4)))
			h.requireOwnData(t)
		})
		t.Run(name+"/group", func(t *testing.T) {
			g := locked.NewGroup(locked.WithLockedBumper(t.Context(), new()))
			hoards := make([]hoard, 4)
			for i := range hoards {
				g.Go(func(ctx context.Context) error {
					hoards[i].visit(ctx, n/4, rand.New(rand.NewPCG(uint64(i), 5)))
					return nil
				})
			}
			require.NoError(t, g.Wait())
			for i := range hoards {
				hoards[i].requireOwnData(t)
			}
		})
		t.Run(name+"/reset", func(t *testing.T) {
			var h hoard
			buf := new()
			ctx := scope.WithAllocator(t.Context(), buf)
			for range 20 {
				s := scope.Make[byte](ctx, 5000)
				h.keep(s, 0)
				h.visit(ctx, 20, rand.New(rand.NewPCG(6, 7)))
				require.NoError(t, buf.Reset())
			}
			h.requireOwnData(t)
		})
	}
}

// TestIsolatingWritesStayPrivate: what is written through a slice kept too long reaches
// nobody.
func TestIsolatingWritesStayPrivate(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer(bumper.Isolating(), bumper.SlabSize(40_000)))
	var kept [][]byte
	for i := range 2000 {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			s := scope.Make[byte](ctx, 10_000)
			for _, k := range kept[max(0, len(kept)-20):] {
				k[0], k[len(k)-1] = 0xEE, 0xEE
			}
			require.Equal(t, byte(0), s[0])
			require.Equal(t, byte(0), s[9999])
			if i%10 == 0 {
				kept = append(kept, s)
			}
			return nil
		})
	}
}

// TestIsolatingReuses: 10 000 scopes of 1 MiB, of which nothing is kept, go through a
// heap that does not grow, and much of it is not even allocated.
func TestIsolatingReuses(t *testing.T) {
	n := 10_000
	if testing.Short() || testenv.Slow() {
		n = 1000
	}
	for kind, ctx := range map[string]context.Context{
		"plain":  scope.WithAllocator(t.Context(), bumper.NewSlabBuffer(bumper.Isolating())),
		"locked": locked.WithLockedBumper(t.Context(), bumper.NewSlabBuffer(bumper.Isolating())),
	} {
		t.Run(kind, func(t *testing.T) {
			var m runtime.MemStats
			for range 3 {
				runtime.GC() // what earlier tests left
			}
			runtime.ReadMemStats(&m)
			before, total, peak := m.HeapInuse, m.TotalAlloc, uint64(0)
			for i := range n {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error {
					_, _, err := scope.Alloc[byte](ctx, 1<<20)
					return err
				})
				if i%100 == 0 {
					runtime.ReadMemStats(&m)
					if m.HeapInuse > before+400<<20 { // on a busy machine the collector may be late
						runtime.GC()
						runtime.ReadMemStats(&m)
					}
					peak = max(peak, m.HeapInuse)
					runtime.GC() // and those who clean up behind it
					time.Sleep(time.Millisecond)
				}
			}
			require.Less(t, int64(peak)-int64(before), int64(400<<20), "more than twice what finalizers watch, and what is under way")
			require.Less(t, m.TotalAlloc-total, uint64(n)<<20*9/10, "bytes allocated")
		})
	}
}

// TestIsolatingReusesAnotherSize: memory is used again also when, after a scope that needed
// far more than is watched, blocks are of another size.
func TestIsolatingReusesAnotherSize(t *testing.T) {
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer(bumper.Isolating()))
	use := func(n, size int) {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			for range n {
				if _, _, err := scope.Alloc[byte](ctx, size); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	use(100, 1<<20)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.TotalAlloc
	const n, size = 200, 2 << 20
	for i := range n {
		use(1, size)
		if i%8 == 0 {
			runtime.GC()
		}
	}
	runtime.ReadMemStats(&m)
	require.Less(t, m.TotalAlloc-before, uint64(n*size*9/10), "bytes allocated")
}

// BenchmarkIsolating compares a plain buffer, an isolating one and the heap, on scopes
// of 16 blocks of n bytes.
func BenchmarkIsolating(b *testing.B) {
	for _, n := range []int{1 << 10, 16 << 10, 256 << 10} {
		for name, ctx := range map[string]context.Context{
			"plain":     scope.WithAllocator(context.Background(), bumper.NewSlabBuffer()),
			"isolating": scope.WithAllocator(context.Background(), bumper.NewSlabBuffer(bumper.Isolating())),
			"heap":      context.Background(),
		} {
			b.Run("bytes="+itoa(n)+"/alloc="+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = scope.NoEscape(ctx, func(ctx context.Context) error {
						for range 16 {
							sink, _, _ = scope.Alloc[float64](ctx, n/8)
							sink[0], sink[n/8-1] = 1, 1
						}
						return nil
					})
				}
			})
		}
	}
}

// An isolating buffer with a limit refuses what the garbage collector has not found free,
// and has it look: a loop that keeps nothing goes on.
func TestIsolatingWithinALimit(t *testing.T) {
	for name, a := range map[string]scope.Allocator{
		"plain":  bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(1<<20)),
		"locked": locked.Share(bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(1<<20))),
	} {
		ctx := scope.WithAllocator(t.Context(), a)
		for range 5 {
			require.Eventually(t, func() bool {
				err := scope.NoEscape(ctx, func(ctx context.Context) error {
					_ = scope.Make[byte](ctx, 700<<10)
					return nil
				})
				if err != nil {
					require.ErrorIs(t, err, scope.ErrExhausted)
					require.ErrorContains(t, err, "isolating memory counts until the garbage collector")
				}
				return err == nil
			}, 10*time.Second, time.Millisecond, name)
		}
	}
}

// Memory that is kept counts: a limit bounds it.
func TestIsolatingCountsWhatIsKept(t *testing.T) {
	const limit = 8 << 20
	for name, a := range map[string]scope.Allocator{
		"plain":  bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(limit)),
		"locked": locked.Share(bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(limit))),
	} {
		ctx := scope.WithAllocator(t.Context(), a)
		var kept [][]byte
		for range 200 {
			runtime.GC()
			err := scope.NoEscape(ctx, func(ctx context.Context) error {
				kept = append(kept, scope.Make[byte](ctx, 1<<20))
				return nil
			})
			if err != nil {
				require.ErrorIs(t, err, scope.ErrExhausted)
				break
			}
		}
		require.LessOrEqual(t, len(kept)<<20, limit, name)
		require.Greater(t, len(kept), 4, name)
		runtime.KeepAlive(kept)
	}
}

// recycler is a source that hands out again what it got back.
type recycler struct{ free [][]byte }

func (r *recycler) Acquire(n int) ([]byte, error) {
	if last := len(r.free) - 1; last >= 0 && len(r.free[last]) >= n {
		mem := r.free[last]
		r.free = r.free[:last]
		return mem, nil
	}
	return bumper.GoHeap().Acquire(n)
}

func (r *recycler) Release(mem []byte) { r.free = append(r.free, mem) }

// Isolating replaces a source whatever the order of the options.
func TestIsolatingReplacesTheSource(t *testing.T) {
	buf := bumper.NewSlabBuffer(bumper.Isolating(), bumper.From(&recycler{}), bumper.SlabSize(4096))
	ctx := scope.WithAllocator(context.Background(), buf)
	var old [][]byte
	for i := range 16 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			s := scope.Make[byte](ctx, 3000*(1+2*(i%2)))
			for j := range s {
				s[j] = byte(i)
			}
			old = append(old, s)
			return nil
		}))
	}
	for i, s := range old {
		require.Equal(t, byte(i), s[0], "kept reference %d", i)
	}
}

// TestIsolatingLeavesSlabs: what only an ended scope used is left to the collector; the
// buffer holds what an open one uses, and the current slab.
func TestIsolatingLeavesSlabs(t *testing.T) {
	const slab = 64 << 10
	buf := bumper.NewSlabBuffer(bumper.Isolating(), bumper.SlabSize(slab))
	mustAlloc(t, buf, 100)
	cp := buf.Checkpoint()
	mustAlloc(t, buf, slab-64, slab-64, slab-64, slab-64)
	require.Equal(t, 5, buf.Stats().Slabs)
	require.NoError(t, buf.Restore(cp))
	require.Equal(t, 2, buf.Stats().Slabs)
	require.Equal(t, 5*slab, buf.Stats().Capacity, "until the collector has found the others")
	require.Equal(t, 100, buf.Stats().Used)
	require.NoError(t, buf.Reset())
	require.Equal(t, 1, buf.Stats().Slabs)
}

// TestIsolatingDoesNotGrow: scopes that cross slabs, within an outer scope that has
// allocated something, leave none of them with the buffer.
func TestIsolatingDoesNotGrow(t *testing.T) {
	const slab = 64 << 10
	buf := bumper.NewSlabBuffer(bumper.Isolating(), bumper.SlabSize(slab))
	mustAlloc(t, buf, 100)
	for i := range 200 {
		cp := buf.Checkpoint()
		mustAlloc(t, buf, slab-64, slab-64, slab-64, slab-64)
		require.NoError(t, buf.Restore(cp))
		if i == 100 {
			mustAlloc(t, buf, 100) // in another slab, which stays, too
		}
	}
	require.LessOrEqual(t, buf.Stats().Slabs, 4)
	require.Equal(t, 200, buf.Stats().Used)
}

package allocarray_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// The tests of this file end the scope of an array while an operation uses it.

// during is part of what an operation says that began before the end of a scope and
// noticed it later.
const during = "it ended during the operation"

// endedDuring reports whether v is a panic of an operation that an end overtook.
func endedDuring(v any) bool {
	err, ok := v.(*scope.StaleError)
	return ok && strings.HasPrefix(err.Fix, during)
}

// stranger ends the scope of everything in a buffer and fills the memory with
// something else.
type stranger struct {
	buf *bumper.AllocBuffer
	ctx context.Context
	new allocarray.AllocArray[float64]
}

func newStranger(t *testing.T) *stranger {
	buf := bumper.NewAllocBuffer(1 << 12)
	return &stranger{buf: buf, ctx: scope.WithAllocator(t.Context(), buf)}
}

func (s *stranger) moveIn() {
	if err := s.buf.Reset(); err != nil {
		panic(err)
	}
	s.new = allocarray.Full(s.ctx, 4242.0, 1<<9)
}

func (s *stranger) requireUntouched(t *testing.T, label string) {
	t.Helper()
	require.True(t, s.new.Live(), label)
	require.Equal(t, [2]float64{4242, 4242}, [2]float64{allocarray.Min(s.new), allocarray.Max(s.new)}, "%s: memory of another scope was overwritten", label)
}

// TestEndedInFunction: the function given to Map gets nothing that was read after it
// ended the scope of the operand, and its result is not written after it ended that
// of the destination.
func TestEndedInFunction(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off)) // which gives other memory each time
	type array = allocarray.AllocArray[float64]
	for _, layout := range []func(a array) array{func(a array) array { return a }, array.Transpose, stretchedView} {
		for name, run := range map[string]func(inside, outside array, ctx context.Context, fn func(float64) float64){
			"Map":             func(in, _ array, ctx context.Context, fn func(float64) float64) { allocarray.Map(ctx, in, fn) },
			"Map to the heap": func(in, out array, _ context.Context, fn func(float64) float64) { allocarray.Map(t.Context(), in, fn) },
			"Map in the buffer": func(_, out array, ctx context.Context, fn func(float64) float64) {
				allocarray.Map(ctx, out, fn)
			},
			"MapInto, operand":     func(in, out array, _ context.Context, fn func(float64) float64) { allocarray.MapInto(out, in, fn) },
			"MapInto, destination": func(in, out array, _ context.Context, fn func(float64) float64) { allocarray.MapInto(in, out, fn) },
			"MapInto, both":        func(in, _ array, _ context.Context, fn func(float64) float64) { allocarray.MapInto(in, in, fn) },
		} {
			for _, last := range []int{1, 5, 12} {
				s, calls := newStranger(t), 0
				inside, outside := layout(allocarray.Full(s.ctx, 1.0, 3, 4)), layout(allocarray.Full(t.Context(), 1.0, 3, 4))
				v := panicOf(func() {
					run(inside, outside, s.ctx, func(x float64) float64 {
						require.Equal(t, 1.0, x, "%s: fn gets an element of another scope", name)
						if calls++; calls == min(last, inside.Len()) {
							s.moveIn()
						}
						return 7
					})
				})
				require.True(t, endedDuring(v), "%s: %v", name, v)
				require.Equal(t, min(last, inside.Len()), calls, name)
				s.requireUntouched(t, name)
			}
		}
	}
}

// stretchedView is every other column of a.
func stretchedView(a allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
	return a.SliceStep(1, 0, a.Dim(1), 2)
}

// userCode is an allocator that runs a function before or after it allocates.
type userCode struct {
	scope.Allocator
	before, after func()
}

func (u *userCode) Alloc(size, align uintptr) (memory.Block, error) {
	if u.before != nil {
		u.before()
	}
	b, err := u.Allocator.Alloc(size, align)
	if u.after != nil {
		u.after()
	}
	return b, err
}

func (u *userCode) Unwrap() scope.Allocator { return u.Allocator }

// TestEndedInAllocator: the allocator of the context is the user's code. If it ends
// the scope of an operand, the operation panics; it returns nothing that it read
// afterwards.
func TestEndedInAllocator(t *testing.T) {
	api, live := exported(t), newOperands[float64](t.Context())
	for _, c := range elementCalls() {
		if !api[c.name].context {
			continue
		}
		panics := 0
		for _, replace := range roles[float64]() {
			s, o := newStranger(t), *live
			replace(&o, newOperands[float64](s.ctx))
			ctx := scope.WithAllocator(t.Context(), &userCode{Allocator: scope.Heap(), before: s.moveIn})
			if v := panicOf(func() { c.run(ctx, &o) }); v != nil {
				require.True(t, endedDuring(v), "%s: %v", c.name, v)
				panics++
			}
		}
		require.Equal(t, api[c.name].arrays, panics, "%s: arrays whose end is noticed", c.name)
	}
}

// TestEndedBeforeWrite: nothing is written to memory whose scope the allocator ended
// before it returned.
func TestEndedBeforeWrite(t *testing.T) {
	defer guard.Set(guard.Set(guard.Off))
	api, o := exported(t), newOperands[float64](t.Context())
	for _, c := range elementCalls() {
		if !api[c.name].context {
			continue
		}
		s := newStranger(t)
		ctx := scope.WithAllocator(t.Context(), &userCode{Allocator: s.buf, after: s.moveIn})
		v := panicOf(func() { c.run(ctx, o) })
		require.True(t, endedDuring(v), "%s: %v", c.name, v)
		s.requireUntouched(t, c.name)
	}
}

// elementCalls are the calls of the catalogue that read or write elements, rather
// than make a view.
func elementCalls() (calls []call[float64]) {
	views := map[string]bool{
		"AllocArray.Data": true, "AllocArray.Slice": true, "AllocArray.SliceStep": true, "AllocArray.Index": true,
		"AllocArray.Transpose": true, "AllocArray.Permute": true, "AllocArray.ExpandDims": true,
		"AllocArray.Squeeze": true, "AllocArray.Reshape": true, "AllocArray.Broadcast": true,
		"AllocArray.Move":          true,
		"AllocArray.SlidingWindow": true,
	}
	for _, c := range append(append(operationCalls[float64](), floatCalls[float64]()...), methodCalls[float64]()...) {
		if !views[c.name] {
			calls = append(calls, c)
		}
	}
	return calls
}

// TestEndedByGoroutine ends the scope of each array of each call from another
// goroutine, until the call was overtaken by it and said so.
func TestEndedByGoroutine(t *testing.T) {
	needParallel(t)
	api, live := exported(t), newOperands[float64](t.Context())
	for _, c := range elementCalls() {
		noticed := 0
		for _, replace := range roles[float64]() {
			for range 5000 {
				s, o := newStranger(t), *live
				replace(&o, newOperands[float64](s.ctx))
				v := panicWhenEnded(t.Context(), c, &o, s.buf)
				if v == nil {
					break // the call does not use the array
				}
				require.IsType(t, &scope.StaleError{}, v, c.name)
				if endedDuring(v) {
					noticed++
					break
				}
			}
		}
		require.Equal(t, api[c.name].arrays, noticed, "%s: arrays whose end is noticed", c.name)
	}
}

// panicWhenEnded makes a call again and again while another goroutine resets a
// buffer, and returns what the call panics with; nil if it goes on after the reset.
func panicWhenEnded(ctx context.Context, c call[float64], o *operands[float64], buf *bumper.AllocBuffer) any {
	var started, ended atomic.Bool
	done := make(chan error)
	go func() {
		for !started.Load() {
			runtime.Gosched()
		}
		err := buf.Reset()
		ended.Store(true)
		done <- err
	}()
	v := panicOf(func() {
		for after := 0; after < 2; {
			c.run(ctx, o)
			started.Store(true)
			if ended.Load() {
				after++
			}
		}
	})
	started.Store(true)
	if err := <-done; err != nil {
		panic(err)
	}
	return v
}

// TestEndedWhileFilling ends the scope of a new array while its first elements are
// written: most often that is noticed, and the array is not returned. (It is if the
// scope ends behind the last check.)
func TestEndedWhileFilling(t *testing.T) {
	needParallel(t)
	const n = 1 << 15
	for name, fill := range map[string]func(ctx context.Context){
		"New":    func(ctx context.Context) { allocarray.New[float64](ctx, n) },
		"Full":   func(ctx context.Context) { allocarray.Full(ctx, 1.0, n) },
		"Arange": func(ctx context.Context) { allocarray.Arange[float64](ctx, n) },
	} {
		noticed, missed := 0, 0
		for try := 0; noticed+missed < 10 && try < 2000; try++ {
			buf := bumper.NewAllocBuffer(8*n + 64)
			var started, ended atomic.Bool
			done := make(chan error)
			go func() {
				for !started.Load() {
				}
				err := buf.Reset()
				ended.Store(true)
				done <- err
			}()
			start := func() { started.Store(true) }
			v := panicOf(func() { fill(scope.WithAllocator(t.Context(), &userCode{Allocator: buf, after: start})) })
			if endedDuring(v) {
				noticed++
			} else if ended.Load() {
				missed++
			}
			require.NoError(t, <-done)
		}
		require.Greater(t, noticed, missed, "%s", name)
	}
}

// needParallel skips where goroutines do not run at the same time, and where the race
// detector or guard mode finds these mistakes by itself.
func needParallel(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("one processor")
	}
	if testenv.Slow() {
		t.Skip("the race detector reports the race, guard mode the access")
	}
}

// TestEndedReuse sums an array in a goroutine that its scope forgot, while the memory
// is released and filled by the next: the sum is right, or there is none.
func TestEndedReuse(t *testing.T) {
	needParallel(t)
	if runtime.GOARCH != "amd64" {
		t.Skip("on " + runtime.GOARCH + " the check is best effort: a load may be delayed beyond it")
	}
	const n = 1 << 14
	rounds, overtaken := 300, 0
	if testing.Short() {
		rounds = 60
	}
	for range rounds {
		buf := bumper.NewAllocBuffer(8*n + 64)
		ctx := scope.WithAllocator(t.Context(), buf)
		a, begun, said := allocarray.Full(ctx, 1.0, n), make(chan bool), make(chan string)
		go func() {
			text := ""
			v := panicOf(func() {
				close(begun)
				for text == "" {
					if sum := allocarray.Sum(a); sum != n {
						text = fmt.Sprintf("Sum returned %v, want %v", sum, n)
					}
				}
			})
			if endedDuring(v) {
				overtaken++
			}
			said <- text
		}()
		<-begun
		require.NoError(t, buf.Reset())
		allocarray.Full(ctx, 2.0, n)
		require.Empty(t, <-said)
	}
	require.Positive(t, overtaken, "no sum was overtaken: the test saw nothing")
}

// TestEndedReuseOfOperands adds arrays of which one is released meanwhile and filled by the next
// scope: the sums are right, or there are none.
func TestEndedReuseOfOperands(t *testing.T) {
	needParallel(t)
	if runtime.GOARCH != "amd64" {
		t.Skip("on " + runtime.GOARCH + " the check is best effort: a load may be delayed beyond it")
	}
	const n = 1 << 15
	ones := allocarray.Full(t.Context(), 1.0, n)
	for name, add := range map[string]func(ctx context.Context, x allocarray.AllocArray[float64]) allocarray.AllocArray[float64]{
		"first": func(ctx context.Context, x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
			return allocarray.Add(ctx, x, ones)
		},
		"second": func(ctx context.Context, x allocarray.AllocArray[float64]) allocarray.AllocArray[float64] {
			return allocarray.Add(ctx, ones, x)
		},
	} {
		overtaken := 0
		for range 60 {
			buf := bumper.NewAllocBuffer(8*n + 64)
			ctx := scope.WithAllocator(t.Context(), buf)
			x, begun, said := allocarray.Full(ctx, 1.0, n), make(chan bool), make(chan string)
			go func() {
				text := ""
				v := panicOf(func() {
					close(begun)
					for text == "" {
						if sums := add(context.Background(), x); allocarray.Min(sums) != 2 || allocarray.Max(sums) != 2 {
							text = "sums of another scope's numbers"
						}
					}
				})
				if endedDuring(v) {
					overtaken++
				}
				said <- text
			}()
			<-begun
			require.NoError(t, buf.Reset())
			allocarray.Full(ctx, 2.0, n)
			require.Empty(t, <-said, name)
		}
		require.Positive(t, overtaken, "no sum was overtaken: the test saw nothing")
	}
}

package escape

import (
	"container/heap"
	"container/list"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

var (
	global      []float64
	globalArray array
	globalMap   = map[string][]float64{}
	pool        sync.Pool
	cache       sync.Map
	latest      atomic.Pointer[lib.Box]
	value       atomic.Value
)

func badGlobal(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		global = scope.Make[float64](ctx, 3)
		return nil
	})
}

func badGlobalArray(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		globalArray = allocarray.New[float64](ctx, 3).Reshape(3, 1)
		return nil
	})
}

func badGlobalMap(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		globalMap["last"] = scope.Make[float64](ctx, 3)
		return nil
	})
}

func badPool(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 3)
		defer pool.Put(&x)
		x[0] = 1
		return nil
	})
}

func badPoolPlain(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		b := &lib.Box{Data: scope.Make[float64](ctx, 3)}
		pool.Put(b)
		return nil
	})
}

func badSyncMap(ctx context.Context, key string) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		cache.Store(key, scope.Make[float64](ctx, 3))
		return nil
	})
}

func badAtomic(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		latest.Store(&lib.Box{Data: scope.Make[float64](ctx, 3)})
		return nil
	})
}

func badAtomicValue(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		value.Store(scope.Make[float64](ctx, 3))
		return nil
	})
}

func badOtherPackage(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		lib.Keep(scope.Make[float64](ctx, 3))
		return nil
	})
}

type server struct {
	last    []float64
	arrays  []array
	boxes   map[int]*lib.Box
	store   lib.Store
	out     chan []float64
	onClose []func()
	model   *nn.Chain
	cached  nn.Tensor
}

func (s *server) badField(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.last = allocarray.New[float64](ctx, 3).Data()
		return nil
	})
}

func (s *server) badFieldAppend(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.arrays = append(s.arrays, allocarray.New[float64](ctx, 3))
		return nil
	})
}

func (s *server) badFieldMap(ctx context.Context, id int) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.boxes[id] = lib.NewBox(scope.Make[float64](ctx, 3))
		return nil
	})
}

func (s *server) badFieldDeep(ctx context.Context, id int) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.boxes[id].Data = scope.Make[float64](ctx, 3)
		return nil
	})
}

func (s *server) badStore(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.store.Put("a", scope.Make[float64](ctx, 3))
		return nil
	})
}

func (s *server) badChannel(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.out <- scope.Make[float64](ctx, 3)
		return nil
	})
}

func (s *server) badSelect(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 3)
		select {
		case s.out <- x:
		default:
		}
		return nil
	})
}

func (s *server) badSelectDone(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 3)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s.out <- x:
		}
		return nil
	})
}

func (s *server) badCallback(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 3)
		s.onClose = append(s.onClose, func() { println(x[0]) })
		return nil
	})
}

func (s *server) badMethod(ctx context.Context) error { return scope.NoEscape(ctx, s.handle) }

func (s *server) handle(ctx context.Context) error {
	s.last = scope.Make[float64](ctx, 3)
	return nil
}

func (s *server) badForward(ctx context.Context, x nn.Tensor) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.cached = s.model.Forward(ctx, x)
		return nil
	})
}

func (s *server) badSetField(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.keep(scope.Make[float64](ctx, 3))
		return nil
	})
}

func (s *server) keep(x []float64) { s.last = x }

func (s *server) badClearedOnOnePath(ctx context.Context, ok bool) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s.last = scope.Make[float64](ctx, 3)
		if !ok {
			return nil
		}
		s.last = nil
		return nil
	})
}

func badChannelOfCaller(ctx context.Context, out chan<- array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		out <- allocarray.New[float64](ctx, 3)
		return nil
	})
}

func badChannelRead(ctx context.Context) float64 {
	ch := make(chan []float64, 1)
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		ch <- scope.Make[float64](ctx, 3)
		return nil
	})
	return (<-ch)[0]
}

func badChannelConsumer(ctx context.Context) error {
	ch := make(chan []float64)
	go func() {
		for x := range ch {
			println(lib.Sum(x))
		}
	}()
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		ch <- scope.Make[float64](ctx, 3)
		return nil
	})
}

func badList(ctx context.Context, l *list.List) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		l.PushBack(scope.Make[float64](ctx, 3))
		return nil
	})
}

type rows [][]float64

func (r rows) Len() int           { return len(r) }
func (r rows) Less(i, j int) bool { return len(r[i]) < len(r[j]) }
func (r rows) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *rows) Push(x any)        { *r = append(*r, x.([]float64)) }
func (r *rows) Pop() any          { return nil }

func badHeapPush(ctx context.Context, r *rows) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		heap.Push(r, scope.Make[float64](ctx, 3))
		return nil
	})
}

func badPush(ctx context.Context, r *rows) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		r.Push(scope.Make[float64](ctx, 3))
		return nil
	})
}

func badScoped(ctx context.Context) ([]float64, error) {
	return lib.Scoped(ctx, func(ctx context.Context) ([]float64, error) {
		return scope.Make[float64](ctx, 3), nil
	})
}

func badScopedBox(ctx context.Context) (*lib.Box, error) {
	b, err := lib.Scoped(ctx, func(ctx context.Context) (*lib.Box, error) {
		return lib.NewBox(lib.Temp(ctx, 3)), nil
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

func badScopedVia(ctx context.Context) float64 {
	x, err := lib.Scoped(ctx, makeThree)
	if err != nil {
		return 0
	}
	return x[2]
}

func makeThree(ctx context.Context) ([]float64, error) { return scope.Make[float64](ctx, 3), nil }

func badIn(ctx context.Context) float64 {
	var x []float64
	_ = lib.In(ctx, func(ctx context.Context) { x = scope.Make[float64](ctx, 3) })
	return x[0]
}

func badInGlobal(ctx context.Context) {
	_ = lib.In(ctx, func(ctx context.Context) { global = scope.Make[float64](ctx, 3) })
}

func inTwo(ctx context.Context, fn func(context.Context) error) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error { return scope.NoEscape(ctx, fn) })
}

func badInTwo(ctx context.Context) []float64 {
	var x []float64
	_ = inTwo(ctx, func(ctx context.Context) error {
		x = scope.Make[float64](ctx, 3)
		return nil
	})
	return x
}

func badOpenReturned(ctx context.Context) []float64 {
	ctx, s := scope.Open(ctx)
	defer s.End()
	return scope.Make[float64](ctx, 10)
}

func badOpenReturnedArray(ctx context.Context, x array) array {
	ctx, s := scope.Open(ctx)
	defer func() { _ = s.End() }()
	y := allocarray.Exp(ctx, x)
	return allocarray.DivScalar(ctx, y, allocarray.Sum(y))
}

func (s *server) badOpenField(ctx context.Context) {
	ctx, sc := scope.Open(ctx)
	defer sc.End()
	s.last = scope.Make[float64](ctx, 10)
}

func badOpenGlobal(ctx context.Context) error {
	ctx, sc := scope.Open(ctx)
	global = scope.Make[float64](ctx, 10)
	return sc.End()
}

func badBufferReturned() []float64 {
	buf := bumper.NewSlabBuffer()
	defer buf.Reset()
	ctx := scope.WithAllocator(context.Background(), buf)
	return scope.Make[float64](ctx, 10)
}

func badBufferClosed(n int) array {
	buf := bumper.NewAllocBuffer(n)
	defer func() { _ = buf.Close() }()
	return allocarray.New[float64](scope.WithAllocator(context.Background(), buf), n)
}

func badGeneric[T allocarray.Element](ctx context.Context) []T {
	var out []T
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = scope.Make[T](ctx, 3)
		return nil
	})
	return out
}

type ring[T any] struct {
	items []T
	next  int
}

func (r *ring[T]) put(x T) { r.items[r.next] = x; r.next = (r.next + 1) % len(r.items) }

func badGenericRing(ctx context.Context, r *ring[[]float64]) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		r.put(scope.Make[float64](ctx, 3))
		return nil
	})
}

func badGenericRingArray(ctx context.Context) float64 {
	r := &ring[array]{items: make([]array, 4)}
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		r.put(allocarray.New[float64](ctx, 3))
		return nil
	})
	return r.items[0].At(1)
}

func badWorker(ctx context.Context, parts [][]float64) []float64 {
	outs := make([][]float64, len(parts))
	g := locked.NewGroup(ctx)
	for i, p := range parts {
		g.Go(func(ctx context.Context) error {
			outs[i] = scope.Make[float64](ctx, len(p))
			return nil
		})
	}
	if g.Wait() != nil {
		return nil
	}
	return outs[0]
}

func badWorkerField(ctx context.Context, s *server) error {
	g := locked.NewGroup(ctx)
	g.Go(func(ctx context.Context) error {
		s.last = scope.Make[float64](ctx, 3)
		return nil
	})
	return g.Wait()
}

func badWorkerChannel(ctx context.Context) float64 {
	g := locked.NewGroup(ctx)
	ch := make(chan array, 2)
	g.Go(func(ctx context.Context) error {
		ch <- allocarray.New[float64](ctx, 2)
		return nil
	})
	_ = g.Wait()
	return allocarray.Sum(<-ch)
}

func badIterator(ctx context.Context, xs []array) array {
	var last array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		for x := range slices.Values(xs) {
			last = allocarray.Neg(ctx, x)
		}
		return nil
	})
	return last
}

func badIteratorCollect(ctx context.Context, xs []array) []array {
	var all []array
	for x := range slices.Values(xs) {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			all = append(all, allocarray.Neg(ctx, x))
			return nil
		})
	}
	return all
}

func badSeq(ctx context.Context) func(func(float64) bool) {
	var x []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x = scope.Make[float64](ctx, 10)
		return nil
	})
	return slices.Values(x)
}

func badUnsafeString(ctx context.Context) string {
	var s string
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b := scope.Make[byte](ctx, 10)
		s = unsafe.String(&b[0], len(b))
		return nil
	})
	return s
}

func badElementPointer(ctx context.Context) *float64 {
	var p *float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		p = &scope.Make[float64](ctx, 10)[3]
		return nil
	})
	return p
}

func badPanic(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 3)
		if x[0] != 0 {
			panic(&dataError{x})
		}
		return nil
	})
}

func badDeferOutside(ctx context.Context) error {
	var cleanup func()
	defer func() { cleanup() }()
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 3)
		cleanup = func() { x[0] = 0 }
		return nil
	})
}

func badDeferredRead(ctx context.Context) error {
	var x []float64
	defer func() { println(lib.Sum(x)) }()
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x = scope.Make[float64](ctx, 3)
		return nil
	})
}

type visitor struct{ seen []float64 }

func (v *visitor) Visit(x []float64) { v.seen = x }

func badDevirtualised(ctx context.Context) float64 {
	v := &visitor{}
	var i lib.Visitor = v
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		i.Visit(scope.Make[float64](ctx, 3))
		return nil
	})
	return v.seen[0]
}

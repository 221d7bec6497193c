package goroutine

import (
	"context"
	"slices"
	"sync"
	"time"

	"corpus.example/lib"

	"golang.org/x/sync/errgroup"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

func goodWaitGroup(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		var wg sync.WaitGroup
		for i := range x {
			wg.Add(1)
			go func() {
				defer wg.Done()
				x[i] = 1
			}()
		}
		wg.Wait()
		return nil
	})
}

func goodWaitGroupGo(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { x[0] = 1 })
		return nil
	})
}

func goodChannel(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		done := make(chan bool)
		go func() { x[0] = 1; close(done) }()
		<-done
		return nil
	})
}

func goodChannels(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		done := make(chan bool)
		for i := range 4 {
			go func() { x[i] = 1; done <- true }()
		}
		for range 4 {
			<-done
		}
		return nil
	})
}

func goodRangeChannel(ctx context.Context) (s float64) {
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		ch := make(chan float64)
		go func() {
			defer close(ch)
			for _, v := range x {
				ch <- v
			}
		}()
		for v := range ch {
			s += v
		}
		return nil
	})
	return s
}

func goodErrgroup(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		var g errgroup.Group
		g.Go(func() error { x[0] = 1; return nil })
		return g.Wait()
	})
}

func goodErrgroupContext(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		g, _ := errgroup.WithContext(ctx)
		for i := range x {
			g.Go(func() error { x[i] = 1; return nil })
		}
		return g.Wait()
	})
}

func goodGroup(ctx context.Context, xs []array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		sums := scope.Make[float64](ctx, len(xs))
		g := locked.NewGroup(ctx)
		for i, x := range xs {
			g.Go(func(ctx context.Context) error {
				sums[i] = allocarray.Sum(allocarray.Abs(ctx, x))
				return nil
			})
		}
		return g.Wait()
	})
}

func goodCopy(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := slices.Clone(scope.Make[float64](ctx, 10))
		go func() { x[0] = 1 }()
		return nil
	})
}

func goodHeapCopy(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		go use(allocarray.Abs(ctx, x).Heap())
		return nil
	})
}

func goodNumber(ctx context.Context, x array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s := allocarray.Sum(allocarray.Abs(ctx, x))
		go println(s)
		return nil
	})
}

func goodOther(ctx context.Context, note chan<- string) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		go func() { note <- "started" }()
		x[0] = 1
		return nil
	})
}

func goodWatcher(ctx context.Context, stop func()) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		go func() {
			<-ctx.Done()
			stop()
		}()
		x := scope.Make[float64](ctx, 10)
		x[0] = 1
		return nil
	})
}

func goodTimer(ctx context.Context, stop func()) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		t := time.AfterFunc(time.Second, stop)
		defer t.Stop()
		x[0] = 1
		return nil
	})
}

func goodOwnScope(ctx context.Context, x array) {
	go func() {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			println(allocarray.Sum(allocarray.Abs(ctx, x)))
			return nil
		})
	}()
}

func goodOwnBuffer(x []float64) {
	go func() {
		ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
		println(lib.Smooth(ctx, x))
	}()
}

func goodOpenWaits(ctx context.Context) error {
	ctx, s := scope.Open(ctx)
	x := scope.Make[float64](ctx, 10)
	var wg sync.WaitGroup
	wg.Go(func() { x[0] = 1 })
	wg.Wait()
	return s.End()
}

func goodResetAfterWait() {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	x := scope.Make[float64](ctx, 10)
	done := make(chan bool)
	go func() { x[0] = 1; close(done) }()
	<-done
	_ = buf.Reset()
}

func waitAll(wg *sync.WaitGroup) { wg.Wait() }

func goodWaitInHelper(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		var wg sync.WaitGroup
		wg.Go(func() { x[0] = 1 })
		waitAll(&wg)
		return nil
	})
}

func goodParallel(ctx context.Context, x []float64) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		tmp := scope.Make[float64](ctx, len(x))
		parallel(4, func(i int) { tmp[i] = x[i] })
		return nil
	})
}

func parallel(n int, fn func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() { defer wg.Done(); fn(i) }()
	}
	wg.Wait()
}

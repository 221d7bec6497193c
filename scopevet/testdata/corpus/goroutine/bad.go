package goroutine

import (
	"context"
	"runtime"
	"sync"
	"time"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

type array = allocarray.AllocArray[float64]

func badGo(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		go func() { println(lib.Sum(x)) }()
		return nil
	})
}

func badGoArgument(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := allocarray.New[float64](ctx, 10)
		go use(x)
		return nil
	})
}

func use(x array) { println(allocarray.Sum(x)) }

func badGoMethod(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		b := lib.NewBox(scope.Make[float64](ctx, 10))
		go b.Total()
		return nil
	})
}

func badWaitOutside(ctx context.Context) error {
	var wg sync.WaitGroup
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		wg.Add(1)
		go func() {
			defer wg.Done()
			x[0] = 1
		}()
		return nil
	})
	wg.Wait()
	return err
}

func badWaitGroupGoOutside(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		wg.Go(func() { x[0] = 1 })
		return nil
	})
}

func badTimeout(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		done := make(chan bool)
		go func() { x[0] = 1; close(done) }()
		select {
		case <-done:
		case <-time.After(time.Second):
		}
		return nil
	})
}

func badCancelled(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		done := make(chan float64, 1)
		go func() { done <- lib.Sum(x) }()
		select {
		case s := <-done:
			println(s)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func badEarlyReturn(ctx context.Context, check func() error) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		done := make(chan bool)
		go func() { x[0] = 1; done <- true }()
		if err := check(); err != nil {
			return err
		}
		<-done
		return nil
	})
}

func badWaitsForOther(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		var a, b sync.WaitGroup
		b.Go(func() {})
		a.Go(func() { x[0] = 1 })
		b.Wait()
		return nil
	})
}

func badAfterFunc(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		time.AfterFunc(time.Second, func() { x[0] = 0 })
		return nil
	})
}

func badContextAfterFunc(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		context.AfterFunc(ctx, func() { x[0] = 0 })
		return nil
	})
}

func badCleanup(ctx context.Context, b *lib.Box) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		runtime.AddCleanup(b, func(x []float64) { println(x[0]) }, x)
		return nil
	})
}

func badFinalizer(ctx context.Context, b *lib.Box) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		runtime.SetFinalizer(b, func(*lib.Box) { println(x[0]) })
		return nil
	})
}

func badAsync(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		lib.Async(func() { x[0] = 2 })
		return nil
	})
}

func background(x []float64) { go lib.Sum(x) }

func badHelper(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		background(scope.Make[float64](ctx, 10))
		return nil
	})
}

func badNestedClosure(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 10)
		start := func() { go func() { x[0] = 1 }() }
		start()
		return nil
	})
}

func badContext(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		go func() { println(lib.Smooth(ctx, []float64{1})) }()
		return nil
	})
}

func badOpen(ctx context.Context) error {
	ctx, s := scope.Open(ctx)
	defer s.End()
	x := scope.Make[float64](ctx, 10)
	go lib.Sum(x)
	return nil
}

func badOpenEndBeforeWait(ctx context.Context) error {
	ctx, s := scope.Open(ctx)
	x := scope.Make[float64](ctx, 10)
	var wg sync.WaitGroup
	wg.Go(func() { x[0] = 1 })
	err := s.End()
	wg.Wait()
	return err
}

func badReset() {
	buf := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buf)
	x := scope.Make[float64](ctx, 10)
	done := make(chan bool)
	go func() { x[0] = 1; close(done) }()
	_ = buf.Reset()
	<-done
}

func badLoop(ctx context.Context, xs []array) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		for _, x := range xs {
			y := allocarray.Abs(ctx, x)
			go func() { println(allocarray.Sum(y)) }()
		}
		return nil
	})
}

func badInLib(ctx context.Context) error {
	return lib.In(ctx, func(ctx context.Context) {
		x := scope.Make[float64](ctx, 10)
		go func() { x[0] = 1 }()
	})
}

package spare_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/spare"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

type task struct {
	n    int
	data []int
}

// TestList: values come back empty, and to one at a time.
func TestList(t *testing.T) {
	var l spare.List[task]
	a, b := l.Take(), l.Take()
	require.NotSame(t, a, b)
	a.n, a.data = 7, make([]int, 9)
	l.Put(a)
	require.Same(t, a, l.Take())
	require.Equal(t, task{}, *a, "without what it referred to")
	require.NotSame(t, a, l.Take())
}

// TestListKeeps what it has, whatever the garbage collector does.
func TestListKeeps(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	var l spare.List[task]
	l.Put(l.Take())
	l.Put(l.Take())
	require.Zero(t, testing.AllocsPerRun(20, func() {
		runtime.GC()
		l.Put(l.Take())
	}))
}

func TestListOfGoroutines(t *testing.T) {
	var l spare.List[task]
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 {
				x := l.Take()
				if x.n != 0 {
					t.Error("somebody else has it")
				}
				x.n = i + 1
				runtime.Gosched()
				if x.n != i+1 {
					t.Error("somebody else got it")
				}
				l.Put(x)
			}
		})
	}
	wg.Wait()
}

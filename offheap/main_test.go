package offheap_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/offheap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// needMmap skips the test where nothing can be mapped.
func needMmap(t testing.TB) {
	t.Helper()
	pages := offheap.Mmap()
	mem, err := pages.Acquire(1)
	if errors.Is(err, offheap.ErrUnsupported) {
		t.Skip("no memory mapping on " + runtime.GOOS)
	}
	require.NoError(t, err)
	pages.Release(mem)
}

// collect runs two garbage collections, and waits until the cleanups that they
// queued have made done true.
func collect(t *testing.T, done func() bool) {
	t.Helper()
	runtime.GC()
	runtime.GC()
	for range 2000 {
		if done() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	require.Fail(t, "not done after two garbage collections")
}

// stacks are the stacks in a message: what introduces each, and a regular expression for
// the innermost function shown, in this package's tests.
type stacks map[string]string

func requireStacks(t *testing.T, err error, want stacks) {
	t.Helper()
	for title, function := range want {
		require.Regexp(t, `\n`+title+`:\n\t\S+/offheap/\w+_test\.go:\d+ \(\S+/offheap_test\.`+function+`\)(\n|$)`, err.Error())
	}
}

var (
	errNoMemory = errors.New("injected: no memory")
	errNoAdvice = errors.New("injected: no advice")
)

// flaky is an operating system of which single calls fail.
type flaky struct {
	offheap.System
	mmaps, munmaps, advices int // calls so far
	failMmap, failMunmap    int // the call to fail, from 1
	failAdvice, failDiscard bool
	discarded               [][]byte
}

func newFlaky() *flaky { return &flaky{System: offheap.Host()} }

func (f *flaky) Mmap(size int) ([]byte, error) {
	f.mmaps++
	if f.mmaps == f.failMmap {
		return nil, errNoMemory
	}
	return f.System.Mmap(size)
}

func (f *flaky) Munmap(mem []byte) error {
	f.munmaps++
	if f.munmaps == f.failMunmap {
		return errNoMemory
	}
	return f.System.Munmap(mem)
}

func (f *flaky) Discard(mem []byte) error {
	f.discarded = append(f.discarded, mem)
	if f.failDiscard {
		return errNoAdvice
	}
	return f.System.Discard(mem)
}

func (f *flaky) AdviseHuge(mem []byte) error {
	f.advices++
	if f.failAdvice {
		return errNoAdvice
	}
	return f.System.AdviseHuge(mem)
}

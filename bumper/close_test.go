package bumper_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

type closer interface {
	bumper.Buffer
	Close() error
}

func TestClose(t *testing.T) {
	for name, make := range onSource {
		t.Run(name, func(t *testing.T) {
			src := &trial.Source{Extra: 5}
			buf := make(src).(closer)
			b, err := buf.Alloc(100, 1)
			require.NoError(t, err)
			mustAlloc(t, buf, 5000, 20_000)

			cp := buf.Checkpoint()
			require.ErrorIs(t, buf.Close(), bumper.ErrOpenScope)
			require.NoError(t, buf.Restore(cp))
			handshake.SharingOf(buf).Hold()
			require.ErrorIs(t, buf.Close(), bumper.ErrHeld)
			handshake.SharingOf(buf).Unhold()
			require.True(t, b.Stamp.Live(), "nothing has changed")

			require.NoError(t, buf.Close())
			require.False(t, b.Stamp.Live())
			require.Contains(t, b.Stamp.End(), "close_test.go:")
			held, _ := src.Held()
			require.Zero(t, held)
			require.NoError(t, src.Err)

			_, err = buf.Alloc(1, 1)
			require.ErrorIs(t, err, scope.ErrExhausted)
			require.ErrorIs(t, err, bumper.ErrClosed)
			require.ErrorIs(t, buf.Close(), bumper.ErrClosed)
			require.NoError(t, buf.Reset())
		})
	}
}

func TestCloseOnUserStorage(t *testing.T) {
	buf := bumper.NewAllocBufferOn(make([]byte, 1000))
	mustAlloc(t, buf, 100)
	require.NoError(t, buf.Close())
	_, err := buf.Alloc(100, 1)
	require.ErrorIs(t, err, bumper.ErrClosed)
}

// A prompt buffer holds nothing between its scopes.
func TestPrompt(t *testing.T) {
	for _, kind := range []string{"alloc", "slab", "autoscaling"} {
		t.Run(kind, func(t *testing.T) {
			src := &trial.Source{}
			buf := onSource[kind+"/prompt"](src)
			for range 5 {
				cp := buf.Checkpoint()
				mustAlloc(t, buf, 100, 9000, 20_000)
				held, _ := src.Held()
				require.Positive(t, held)
				require.NoError(t, buf.Restore(cp))
				held, _ = src.Held()
				require.Zero(t, held)
			}
			require.NoError(t, src.Err)
		})
	}
	t.Run("conformance", func(t *testing.T) {
		for _, kind := range []string{"alloc", "slab", "autoscaling"} {
			scopetest.TestBuffer(t, func() bumper.Buffer { return onSource[kind+"/prompt"](&trial.Source{}) })
		}
	})
}

// leaky is a source that is told of leaks.
type leaky struct {
	trial.Source
	mu    sync.Mutex
	bytes int
	where []string
}

func (l *leaky) Leaked(mem []byte, where string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes += len(mem)
	l.where = append(l.where, where)
}

func (l *leaky) reports() (bytes int, where string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes, strings.Join(l.where, " ")
}

func TestLeaks(t *testing.T) {
	for name, make := range onSource {
		t.Run(name, func(t *testing.T) {
			src := &leaky{}
			stamp := func() scope.Stamp {
				b, err := make(src).Alloc(100, 1)
				require.NoError(t, err)
				return b.Stamp
			}()
			runtime.GC()
			runtime.GC()
			leaked, _ := src.reports()
			require.Zero(t, leaked, "a stamp keeps the buffer")
			require.True(t, stamp.Live())
			held, _ := src.Held()
			collect(t, func() bool { leaked, _ := src.reports(); return leaked == held })
			_, where := src.reports()
			require.Contains(t, where, "faults_test.go:", "where the buffer was made")
		})
		t.Run(name+"/closed", func(t *testing.T) {
			src := &leaky{}
			func() {
				buf := make(src).(closer)
				mustAlloc(t, buf, 100, 20_000)
				require.NoError(t, buf.Close())
			}()
			for range 3 {
				runtime.GC()
			}
			leaked, _ := src.reports()
			require.Zero(t, leaked)
		})
	}
}

// collect runs the garbage collector until done.
func collect(t *testing.T, done func() bool) {
	t.Helper()
	for range 1000 {
		runtime.GC()
		if done() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("never collected")
}

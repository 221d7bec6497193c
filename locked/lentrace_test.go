package locked_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// interrupted is a page during whose methods others go on.
type interrupted struct {
	*page
	full  func() // it has no room
	reset func() // it is about to be reset
}

func newInterrupted(size int) *interrupted {
	nothing := func() {}
	return &interrupted{newPage(size), nothing, nothing}
}

func (p *interrupted) Alloc(size, align uintptr) (memory.Block, error) {
	b, err := p.page.Alloc(size, align)
	if err != nil {
		p.full()
	}
	return b, err
}

func (p *interrupted) Reset() error {
	p.reset()
	return p.page.Reset()
}

// meanwhile runs f in another goroutine, and gives it time to run.
func meanwhile(all *sync.WaitGroup, f func()) {
	all.Go(f)
	for range 1000 {
		runtime.Gosched()
	}
}

// TestAskingForWhatIsLent: a region that asks for more than a third party's buffer has left may
// have that reset, if nothing is in use. What others do at that moment waits, or keeps it from it.
func TestAskingForWhatIsLent(t *testing.T) {
	const size = 4 << 20
	start := func(t *testing.T) (p *interrupted, shared *locked.Buffer, all *sync.WaitGroup) {
		p, all = newInterrupted(size), new(sync.WaitGroup)
		shared = locked.Share(p)
		require.NoError(t, request(scope.WithAllocator(t.Context(), shared), 100))
		return p, shared, all
	}
	t.Run("the end of a scope waits", func(t *testing.T) {
		p, shared, all := start(t)
		ended := false
		p.reset = func() {
			p.reset = func() {}
			meanwhile(all, func() { handshake.SharingOf(p).WhenFree(func() { ended = true }) })
		}
		require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), shared), func(ctx context.Context) error {
			_ = scope.Make[byte](ctx, size)
			all.Wait()
			require.False(t, ended, "a region is open")
			return nil
		}))
		require.True(t, ended)
	})
	t.Run("a block outside", func(t *testing.T) {
		p, shared, all := start(t)
		var b memory.Block
		var err error
		p.reset = func() {
			p.reset = func() {}
			meanwhile(all, func() { b, err = shared.Alloc(64, 64) })
		}
		require.NoError(t, request(scope.WithAllocator(t.Context(), shared), size/2))
		all.Wait()
		require.NoError(t, err)
		require.True(t, b.Stamp.Live())
	})
	t.Run("another region", func(t *testing.T) {
		p, shared, all := start(t)
		p.reset = func() {
			p.reset = func() {}
			meanwhile(all, func() {
				r, g, alloc := opened(t, shared, nil)
				alloc(64)
				r.Release(g)
			})
		}
		require.NoError(t, request(scope.WithAllocator(t.Context(), shared), size/2))
		all.Wait()
	})
	t.Run("another region that was first", func(t *testing.T) {
		p, shared, _ := start(t)
		r, g, _ := opened(t, shared, nil)
		other, theirs, alloc := opened(t, shared, nil)
		var lent []byte
		p.full = func() { r.Release(g); p.full = func() {} }
		p.reset = func() { lent = alloc(64) }
		_, err := r.AllocIn(g, size, 8)
		require.ErrorIs(t, err, scope.ErrExhausted)
		require.Nil(t, lent, "the buffer is the other's")
		other.Release(theirs)
	})
	t.Run("a level", func(t *testing.T) {
		p, shared, _ := start(t)
		cp := p.Checkpoint()
		p.reset = func() { t.Error("what is open is not reset") }
		require.ErrorIs(t, request(scope.WithAllocator(t.Context(), shared), size), scope.ErrExhausted)
		require.NoError(t, p.Restore(cp))
	})
}

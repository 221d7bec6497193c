package scope_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// slowEnds is a shared buffer of which the regions within others take their time to end.
type slowEnds struct {
	*locked.Buffer
	releasing, goOn chan bool
}

func (s *slowEnds) OpenRegion(a handshake.Account) (handshake.Region, handshake.Generation, bool) {
	r, g, ok := s.Buffer.OpenRegion(a)
	return &slowRegion{r, s, false}, g, ok
}

type slowRegion struct {
	handshake.Region
	home *slowEnds
	slow bool
}

func (r *slowRegion) OpenSub(g handshake.Generation, a handshake.Account) (handshake.Region, handshake.Generation, bool) {
	sub, h, ok := r.Region.OpenSub(g, a)
	return &slowRegion{sub, r.home, true}, h, ok
}

func (r *slowRegion) Release(g handshake.Generation) {
	if r.slow {
		r.home.releasing <- true
		<-r.home.goOn
	}
	r.Region.Release(g)
}

// TestEndWaitsForALostChild: the end of a scope does not return while a child that the garbage
// collector has found is being released.
func TestEndWaitsForALostChild(t *testing.T) {
	scope.OnLeak(func(string) {})
	defer scope.OnLeak(nil)
	home := &slowEnds{locked.Share(bumper.NewSlabBuffer()), make(chan bool), make(chan bool)}
	ctx, s := scope.Open(scope.WithAllocator(t.Context(), home))
	scope.Make[byte](ctx, 100)
	stamp := lostChild(ctx)
	for found := false; !found; {
		runtime.GC()
		select {
		case <-home.releasing:
			found = true
		default:
			runtime.Gosched()
		}
	}
	ended := make(chan error)
	go func() { ended <- s.End() }()
	for range 10_000 {
		runtime.Gosched()
		select {
		case <-ended:
			t.Fatal("End has returned before the child was released")
		default:
		}
	}
	require.Equal(t, 2, home.Stats().Open)
	close(home.goOn)
	require.NoError(t, <-ended)
	require.False(t, stamp.Live())
	require.Zero(t, home.Stats().Open)
}

// lostChild opens a scope in that of ctx and forgets it.
//
//go:noinline
func lostChild(ctx context.Context) scope.Stamp {
	child, _ := scope.Open(ctx)
	_, stamp, _ := scope.Alloc[byte](child, 100)
	return stamp
}

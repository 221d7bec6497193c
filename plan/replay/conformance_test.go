package replay_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shared is what the buffers of a test have recorded: the later ones replay the earlier.
var shared replay.Plans

// buffers are buffers with room for the tests of the kit, by a name.
var buffers = map[string]func() bumper.Buffer{
	"plain":   func() bumper.Buffer { return replay.New() },
	"bounded": func() bumper.Buffer { return replay.New(replay.Limit(400_000)) },
	"small":   func() bumper.Buffer { return replay.New(replay.Slab(1)) },
	"shared":  func() bumper.Buffer { return replay.New(replay.With(&shared)) },
	"shared/bounded": func() bumper.Buffer {
		return replay.New(replay.With(&shared), replay.Limit(300_001), replay.Slab(5000))
	},
	"source": func() bumper.Buffer { return replay.New(replay.From(&trial.Source{Extra: 37}), replay.Slab(5000)) },
}

func TestBuffers(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) { scopetest.TestBuffer(t, new) })
	}
}

func TestOnSource(t *testing.T) {
	scopetest.TestOnSource(t, func(src bumper.Source) scope.Allocator {
		return replay.New(replay.From(src), replay.Slab(4096))
	})
}

func TestBehindALock(t *testing.T) {
	scopetest.TestAllocator(t, func() scope.Allocator { return locked.Share(replay.New(replay.Limit(512 << 10))) })
}

// TestRegions: a region of a shared buffer that is a Buffer keeps the contract as well.
func TestRegions(t *testing.T) {
	for name, opts := range map[string][]bumper.SlabOption{
		"slab":  nil,
		"small": {bumper.SlabSize(4096), bumper.Limit(1 << 20)},
	} {
		share := func() *locked.Buffer {
			return locked.Share(bumper.NewSlabBuffer(opts...), locked.Regions(replay.Regions(&shared)))
		}
		t.Run("shared/"+name, func(t *testing.T) {
			scopetest.TestAllocator(t, func() scope.Allocator { return share() })
			scopetest.TestConcurrent(t, func() scope.Allocator { return share() })
		})
		t.Run("region/"+name, func(t *testing.T) {
			scopetest.TestAllocator(t, func() scope.Allocator { return openRegion(t, share()) })
		})
	}
}

// openRegion returns the allocator of a private region of a that stays open until the test
// has ended.
func openRegion(t *testing.T, a scope.Allocator) scope.Allocator {
	allocator, done := make(chan scope.Allocator), make(chan error)
	go func() {
		done <- scope.NoEscape(scope.WithAllocator(context.Background(), a), func(ctx context.Context) error {
			allocator <- scope.AllocatorFrom(ctx)
			<-t.Context().Done()
			return nil
		})
	}()
	t.Cleanup(func() { require.NoError(t, <-done) })
	return <-allocator
}

package bumper_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// buffers are all kinds of buffers of this package, by a name; each can hold
// scopetest.Room.
var buffers = map[string]func() bumper.Buffer{
	"alloc": func() bumper.Buffer { return bumper.NewAllocBuffer(256 << 10) },
	"alloc/odd": func() bumper.Buffer {
		return bumper.NewAllocBuffer(200_001, bumper.From(&trial.Source{Extra: 7}))
	},
	"alloc/storage":  func() bumper.Buffer { return bumper.NewAllocBufferOn(make([]byte, 256<<10)) },
	"alloc/shifted1": func() bumper.Buffer { return bumper.NewAllocBufferOn(make([]byte, 256<<10)[1:]) },
	"alloc/shifted8": func() bumper.Buffer { return bumper.NewAllocBufferOn(make([]byte, 256<<10)[8:250_000]) },

	"slab":         func() bumper.Buffer { return bumper.NewSlabBuffer() },
	"slab/1":       func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(1)) },
	"slab/100":     func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(100)) },
	"slab/4096":    func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(4096)) },
	"slab/limit":   func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(8192), bumper.Limit(200_001)) },
	"slab/bounded": func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.Limit(256 << 10)) },
	"slab/limit/source": func() bumper.Buffer {
		return bumper.NewSlabBuffer(bumper.SlabSize(5000), bumper.Limit(200_000), bumper.From(&trial.Source{Extra: 64}))
	},
	"slab/isolating": func() bumper.Buffer { return bumper.NewSlabBuffer(bumper.SlabSize(50_000), bumper.Isolating()) },
	"slab/source": func() bumper.Buffer {
		return bumper.NewSlabBuffer(bumper.SlabSize(5000), bumper.From(&trial.Source{Extra: 64}))
	},

	"page of the example": func() bumper.Buffer { return newPage(256 << 10) },

	"autoscaling":       func() bumper.Buffer { return bumper.NewAutoscalingBuffer() },
	"autoscaling/1":     func() bumper.Buffer { return bumper.NewAutoscalingBuffer(bumper.Initial(1)) },
	"autoscaling/limit": func() bumper.Buffer { return bumper.NewAutoscalingBuffer(bumper.Initial(1000), bumper.Limit(400_001)) },
	"autoscaling/limit/source": func() bumper.Buffer {
		return bumper.NewAutoscalingBuffer(bumper.Limit(400_000), bumper.From(&trial.Source{Extra: 999}))
	},
	"autoscaling/source": func() bumper.Buffer {
		return bumper.NewAutoscalingBuffer(bumper.Initial(3000), bumper.From(&trial.Source{Extra: 9}))
	},
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBuffers(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) { scopetest.TestBuffer(t, new) })
	}
}

// What somebody else wrote can be shared as well.
func TestPageBehindALock(t *testing.T) {
	scopetest.TestAllocator(t, func() scope.Allocator { return locked.Share(newPage(256 << 10)) })
}

func TestFallbacks(t *testing.T) {
	for _, name := range []string{"alloc/shifted8", "slab/limit", "autoscaling/limit"} {
		t.Run(name, func(t *testing.T) {
			scopetest.TestAllocator(t, func() scope.Allocator { return meter.New(buffers[name](), meter.Fallback()) })
		})
	}
}

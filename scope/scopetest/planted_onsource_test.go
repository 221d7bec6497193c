package scopetest_test

import (
	"errors"
	"testing"
	"unsafe"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// pieces is a Checkpointer that takes a piece of a source for each block, right but for
// the bug of the name.
type pieces struct {
	bumper.Levels[int]
	bug    string
	src    bumper.Source
	held   [][]byte
	failed int
	closed bool
	busy   bool
}

func newPieces(bug string, src bumper.Source) *pieces {
	p := &pieces{bug: bug, src: src}
	p.Init(p)
	return p
}

func (p *pieces) is(bug string) bool { return p.bug == bug }

func (p *pieces) Alloc(size, align uintptr) (memory.Block, error) {
	align = memory.Alignment(size, align)
	if p.closed || size >= 1<<29 || align >= 1<<29 {
		return memory.Block{}, p.exhausted(size, nil)
	}
	if size == 0 && !p.is("asks for nothing") {
		return memory.NewBlock(nil, p.Stamp()), nil
	}
	if p.busy {
		return memory.Block{}, p.exhausted(size, nil)
	}
	p.busy = p.is("stays busy")
	mem, err := p.src.Acquire(int(size + align))
	p.busy = false
	if err != nil {
		return p.refuse(size, err)
	}
	if p.is("gives up") && p.failed > 2 {
		p.src.Release(mem)
		return memory.Block{}, p.exhausted(size, nil)
	}
	if !p.is("trusting") && (len(mem) < int(size+align) || uintptr(unsafe.Pointer(&mem[0]))%64 != 0) {
		return memory.Block{}, p.exhausted(size, errors.New("the source lies"))
	}
	p.held = append(p.held, mem)
	start, end, ok := bumper.Fit(mem, 0, size, align)
	if !ok {
		start, end = 0, int(size)
	}
	return memory.NewBlock(mem[start:end], p.Stamp()), nil
}

func (p *pieces) refuse(size uintptr, err error) (memory.Block, error) {
	p.failed++
	switch {
	case p.is("heap in silence"):
		return memory.NewBlock(make([]byte, size+64)[:size], p.Stamp()), nil
	case p.is("no cause"):
		return memory.Block{}, p.exhausted(size, nil)
	case p.is("releases on refusal") && len(p.held) > 0:
		p.src.Release(p.held[0])
		p.held = p.held[1:]
	}
	return memory.Block{}, p.exhausted(size, err)
}

func (p *pieces) exhausted(size uintptr, cause error) error {
	return &scope.ExhaustedError{Allocator: "pieces", Requested: size, Cause: cause}
}

func (p *pieces) Checkpoint() memory.Checkpoint { return p.Open(len(p.held)) }

func (p *pieces) Restore(cp memory.Checkpoint) error {
	n, err := p.Levels.End(cp)
	return p.release(n, err)
}

func (p *pieces) Unwind(cp memory.Checkpoint) error {
	n, err := p.EndAbove(cp)
	return p.release(n, err)
}

func (p *pieces) release(n int, err error) error {
	if err != nil {
		return err
	}
	for i := n; i < len(p.held); i++ {
		switch {
		case p.is("releases less"):
			p.src.Release(p.held[i][1:])
		case p.is("releases twice"):
			p.src.Release(p.held[i])
		}
		p.src.Release(p.held[i])
	}
	p.held = p.held[:min(n, len(p.held))]
	return nil
}

// holder is pieces that can be closed.
type holder struct{ *pieces }

func (p holder) Close() error {
	p.closed = true
	if p.is("close forgets") {
		return nil
	}
	return p.Levels.Reset(func() { _ = p.release(0, nil) })
}

var plantedOnSources = map[string]string{
	"":                    "",
	"asks for nothing":    "only source",
	"heap in silence":     "only source",
	"no cause":            "cause",
	"gives up":            "recovery",
	"releases on refusal": "unchanged",
	"releases less":       "exact release",
	"releases twice":      "exact release",
	"close forgets":       "exact release",
	"trusting":            "mistrust",
	"stays busy":          "poise",
}

func TestPlantedOnSource(t *testing.T) {
	requireFound(t, plantedOnSources, func(t testing.TB, bug string) {
		scopetest.TestOnSource(t, func(src bumper.Source) scope.Allocator {
			if bug == "asks for nothing" {
				return noughts{newPieces("", src), src}
			}
			return holder{newPieces(bug, src)}
		})
	})
}

// noughts asks its source for nothing.
type noughts struct {
	*pieces
	src bumper.Source
}

func (n noughts) Alloc(size, align uintptr) (memory.Block, error) {
	_, _ = n.src.Acquire(0)
	return n.pieces.Alloc(size, align)
}

// TestOurAllocatorsOnSources: shared ones have no Close.
func TestOurAllocatorsOnSources(t *testing.T) {
	for name, new := range map[string]func(src bumper.Source) scope.Allocator{
		"alloc": func(src bumper.Source) scope.Allocator { return bumper.NewAllocBuffer(400_000, bumper.From(src)) },
		"slab": func(src bumper.Source) scope.Allocator {
			return bumper.NewSlabBuffer(bumper.SlabSize(8192), bumper.From(src))
		},
		"autoscaling": func(src bumper.Source) scope.Allocator {
			return bumper.NewAutoscalingBuffer(bumper.Initial(1000), bumper.From(src))
		},
		"prompt": func(src bumper.Source) scope.Allocator {
			return bumper.NewSlabBuffer(bumper.From(src), bumper.Prompt())
		},
		"locked": func(src bumper.Source) scope.Allocator {
			return locked.Share(bumper.NewSlabBuffer(bumper.SlabSize(70_000), bumper.From(src)))
		},
	} {
		t.Run(name, func(t *testing.T) { scopetest.TestOnSource(t, new) })
	}
}

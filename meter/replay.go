package meter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Replayed tells what [Replay] did. Sizes are in bytes.
type Replayed struct {
	Scopes      int   // opened
	Allocations int   // tried, with those that had failed when the trace was written
	Bytes       int   // of the blocks that were allocated
	Refused     int   // allocations that failed
	First       error // the error of the first of them
}

// Replay runs a trace that [Trace] wrote again, on the allocator of ctx: the same scopes and
// allocations in the same order, one after the other, but as fast as it can. It tells
// whether a buffer of another kind or size, or a lower limit, would have served them.
//
// Each scope is run by a goroutine of its own, so an unlocked buffer serves a trace only if
// no scopes overlapped in it but by nesting. Scopes that the trace leaves open are ended in
// the end. An error tells that r is no trace, by its line.
func Replay(ctx context.Context, r io.Reader) (Replayed, error) {
	p := player{scopes: map[uint64]*played{0: {ctx: ctx}}}
	err := p.run(r)
	for len(p.order) > 0 {
		err = errors.Join(err, p.end(p.order[len(p.order)-1]))
	}
	return p.Replayed, err
}

// player replays a trace.
type player struct {
	Replayed
	scopes map[uint64]*played
	order  []uint64 // the open scopes in the order in which they began
}

// played is a scope that is open.
type played struct {
	ctx  context.Context
	end  chan struct{}
	over chan error
}

// event is a line of a trace.
type event struct {
	Op          string
	Scope, In   uint64
	Size, Align uint64
}

func (p *player) run(r io.Reader) error {
	d := json.NewDecoder(r)
	for line := 1; ; line++ {
		var e event
		err := d.Decode(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = p.play(e)
		}
		if err != nil {
			return fmt.Errorf("meter: Replay: line %d: %w", line, err)
		}
	}
}

func (p *player) play(e event) error {
	s := p.scopes[e.Scope]
	switch e.Op {
	case "begin":
		parent := p.scopes[e.In]
		if s != nil || parent == nil {
			return fmt.Errorf("scope %d begins in %d: the first is open, or the second is not", e.Scope, e.In)
		}
		p.begin(e.Scope, parent)
	case "alloc":
		if s == nil || e.Align&(e.Align-1) != 0 {
			return fmt.Errorf("allocation with alignment %d in scope %d: invalid, or not open", e.Align, e.Scope)
		}
		p.alloc(s, e)
	case "end":
		if s == nil || e.Scope == 0 {
			return fmt.Errorf("scope %d ends, and is not open", e.Scope)
		}
		return p.end(e.Scope)
	default:
		return fmt.Errorf("unknown op %q", e.Op)
	}
	return nil
}

func (p *player) begin(id uint64, parent *played) {
	s := &played{end: make(chan struct{}), over: make(chan error)}
	began := make(chan context.Context)
	go func() {
		s.over <- scope.NoEscape(parent.ctx, func(ctx context.Context) error {
			began <- ctx
			<-s.end
			return nil
		})
	}()
	s.ctx = <-began
	p.scopes[id] = s
	p.order = append(p.order, id)
	p.Scopes++
}

func (p *player) alloc(s *played, e event) {
	p.Allocations++
	b, err := scope.AllocatorFrom(s.ctx).Alloc(uintptr(e.Size), uintptr(e.Align))
	if err != nil {
		if p.Refused++; p.First == nil {
			p.First = err
		}
		return
	}
	p.Bytes += len(b.Bytes())
}

func (p *player) end(id uint64) error {
	s := p.scopes[id]
	delete(p.scopes, id)
	for i, open := range p.order {
		if open == id {
			p.order = append(p.order[:i], p.order[i+1:]...)
			break
		}
	}
	close(s.end)
	return <-s.over
}

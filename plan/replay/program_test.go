package replay_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/trial"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// An op of a program that allocates, releases and opens scopes.
type op struct {
	size    uintptr // of a block to allocate, if not 0
	align   uintptr
	release int  // the number of a live block to release, from the youngest on
	body    []op // of a scope
	fails   bool // the scope panics at its end
}

// program returns a random program of about n ops.
func program(rng *rand.Rand, n, depth int) (ops []op) {
	sizes := []uintptr{1, 8, 64, 100, 640, 4096, 5000, 20_000}
	for range n {
		switch k := rng.IntN(10); {
		case k < 5:
			ops = append(ops, op{size: sizes[rng.IntN(len(sizes))], align: 1 << rng.IntN(9)})
		case k < 9 || depth == 0:
			ops = append(ops, op{release: rng.IntN(4)})
		default:
			ops = append(ops, op{body: program(rng, n/2, depth-1), fails: rng.IntN(8) == 0})
		}
	}
	return ops
}

// vary returns a program that differs in about one op of n.
func vary(rng *rand.Rand, ops []op, n int) (varied []op) {
	for _, o := range ops {
		if o.body != nil {
			o.body = vary(rng, o.body, n)
		}
		switch {
		case rng.IntN(n) > 0:
			varied = append(varied, o)
		case rng.IntN(3) == 0: // left out
		case rng.IntN(2) == 0: // twice
			varied = append(varied, o, o)
		default: // another size, or another block
			o.size += o.size / 3
			o.release++
			varied = append(varied, o)
		}
	}
	return varied
}

var errFails = errors.New("fails")

// A player runs programs on a buffer and compares it with a model after each op.
type player struct {
	*testing.T
	trial.Ledger
	ctx    context.Context
	buf    *replay.Buffer
	blocks []owned // live, oldest first
	next   int
}

type owned struct {
	owner int
	block memory.Block
}

func newPlayer(t *testing.T, buf *replay.Buffer) *player {
	return &player{T: t, ctx: scope.WithAllocator(t.Context(), buf), buf: buf}
}

func (p *player) play(ops []op) {
	for _, o := range ops {
		switch {
		case o.size > 0:
			p.next++
			if b, err := p.Alloc(p.buf.Alloc, p.next, o.size, o.align); err == nil {
				p.blocks = append(p.blocks, owned{p.next, b})
			}
		case o.body != nil:
			p.scope(o)
		case len(p.blocks) > 0:
			p.release(len(p.blocks) - 1 - o.release%len(p.blocks))
		}
	}
}

func (p *player) release(i int) {
	o := p.blocks[i]
	p.blocks = slices.Delete(p.blocks, i, i+1)
	mem := o.block.Bytes()
	require.False(p, p.buf.Release(mem[1:], o.block.Stamp), "a part")
	require.True(p, o.block.Stamp.Live())
	require.True(p, p.buf.Release(mem, o.block.Stamp))
	require.False(p, p.buf.Release(mem, o.block.Stamp), "twice")
	p.End(o.owner)
}

func (p *player) scope(o op) {
	mark := len(p.blocks)
	first := p.next
	defer func() {
		require.Equal(p, o.fails, recover() != nil)
		var ended []int
		kept := p.blocks[:0]
		for _, b := range p.blocks {
			if b.owner > first {
				ended = append(ended, b.owner)
			} else {
				kept = append(kept, b)
			}
		}
		require.LessOrEqual(p, len(kept), mark)
		p.blocks = kept
		p.End(ended...)
	}()
	require.NoError(p, scope.NoEscape(p.ctx, func(ctx context.Context) error {
		p.play(o.body)
		if o.fails {
			panic(errFails)
		}
		return nil
	}))
}

// TestPrograms compares a buffer with a model while random programs run, again and again
// and each time a little different: no block ever overlaps another, dies early, lives on,
// or is written to.
func TestPrograms(t *testing.T) {
	for seed := range trial.Programs(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(seed), 14))
			opts := []replay.Option{replay.Slab(1 + rng.IntN(40_000))}
			if rng.IntN(2) == 0 {
				opts = append(opts, replay.Limit(50_000+rng.IntN(200_000)))
			}
			p := newPlayer(t, replay.New(opts...))
			ops := []op{{body: program(rng, 20, 3)}}
			for range 6 {
				p.play(ops)
				p.play(vary(rng, ops, 1+rng.IntN(20)))
			}
			require.NoError(t, p.buf.Reset())
			require.Zero(t, p.buf.Stats().Used)
		})
	}
}

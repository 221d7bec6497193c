package locked_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
)

// model knows the owner of each granule of some pieces: 0 is idle.
type model struct {
	pieces [][]byte
	owners [][]int
}

// largest returns the longest run of idle bytes.
func (m *model) largest() (most int) {
	for i, owners := range m.owners {
		run := 0
		for g, owner := range owners {
			if run += 64; owner != 0 {
				run = 0
			} else if g == len(owners)-1 && len(m.pieces[i])%64 != 0 {
				run += len(m.pieces[i])%64 - 64
			}
			most = max(most, run)
		}
	}
	return most
}

// mark makes the granules of a span owner's. It fails if they do not belong to was.
func (m *model) mark(t *testing.T, s *locked.Span, was, owner int) {
	mem := s.Bytes()
	for i, piece := range m.pieces {
		for g := range m.owners[i] {
			if &piece[64*g] == &mem[0] {
				for k := g; k < g+(len(mem)+63)/64; k++ {
					require.Equal(t, was, m.owners[i][k])
					m.owners[i][k] = owner
				}
				return
			}
		}
	}
	t.Fatal("a span of no piece")
}

// TestArena: random programs against a model. Spans in use never overlap; a request is
// refused exactly if no idle run is as long; and idle neighbours are one.
func TestArena(t *testing.T) {
	rounds := 300
	if testing.Short() || testenv.Slow() {
		rounds = 40
	}
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		var a locked.Arena
		m := &model{}
		for range 1 + rng.IntN(3) {
			size := 64*(1+rng.IntN(400)) + rng.IntN(2)*rng.IntN(64)
			mem := make([]byte, size+63)[:size]
			a.Add(mem)
			m.pieces = append(m.pieces, mem)
			m.owners = append(m.owners, make([]int, (size+63)/64))
		}
		inUse := map[int]*locked.Span{}
		any := func() int {
			for id := range inUse {
				return id
			}
			return 0
		}
		for step := 1; step < 200; step++ {
			largest := m.largest()
			require.Equal(t, largest, a.Largest(), "seed %d, step %d", seed, step)
			switch op := rng.IntN(8); {
			case op < 4:
				least := 1 + rng.IntN(64*60)
				most := (least + 63 + 64*rng.IntN(10)) &^ 63
				s := a.Take(least, most)
				require.Equal(t, least <= largest, s != nil, "%d of %d", least, largest)
				if s != nil {
					require.GreaterOrEqual(t, len(s.Bytes()), least)
					require.LessOrEqual(t, len(s.Bytes()), most)
					m.mark(t, s, 0, step)
					inUse[step] = s
				}
			case len(inUse) == 0:
			case op == 4:
				id := any()
				s := inUse[id]
				before := len(s.Bytes())
				if before%64 == 0 {
					m.mark(t, s, id, 0)
					if a.Extend(s, 64, 64*(1+rng.IntN(8))) {
						require.GreaterOrEqual(t, len(s.Bytes()), before+1)
					}
					m.mark(t, s, 0, id)
				}
			case op == 5:
				id := any()
				m.mark(t, inUse[id], id, 0)
				a.Shrink(inUse[id], 64)
				m.mark(t, inUse[id], 0, id)
			default:
				id := any()
				m.mark(t, inUse[id], id, 0)
				a.Give(inUse[id])
				delete(inUse, id)
			}
		}
		a.RetireDownTo(0)
		require.Zero(t, a.Largest(), "nothing is taken from pieces that retire")
		require.Nil(t, a.Take(1, 64))
		if seed%2 == 0 {
			a.Recall()
			require.Equal(t, m.largest(), a.Largest())
		}
		for id, s := range inUse {
			m.mark(t, s, id, 0)
			a.Give(s)
		}
		a.Recall()
		sum := 0
		for _, p := range m.pieces {
			sum += len(p)
		}
		require.Zero(t, a.Used())
		require.Equal(t, sum, a.Whole(), "each piece is one idle span again")
		require.Equal(t, m.largest(), a.Largest())
	}
}

package scope_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope"
)

// pieces notes which worker computed which piece.
type pieces [][2]int

func (p *pieces) RunPiece(worker, piece int) { *p = append(*p, [2]int{worker, piece}) }

// TestAlone: without helpers the caller, which is worker 0, computes all pieces.
func TestAlone(t *testing.T) {
	h := scope.HelpersFrom(t.Context())
	require.Equal(t, 1, h.Workers())
	for n, want := range []pieces{nil, {{0, 0}}, {{0, 0}, {0, 1}}, {{0, 0}, {0, 1}, {0, 2}}} {
		var p pieces
		h.RunPieces(n, &p)
		require.Equal(t, want, p)
	}
}

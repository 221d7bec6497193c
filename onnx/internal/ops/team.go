package ops

import (
	crew "github.com/allocarrays/allocarrays-go/internal/pieces"
	"github.com/allocarrays/allocarrays-go/internal/spare"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Team is who computes a run: the goroutine that began it, and the helpers that the caller allows.
type Team struct {
	Helpers scope.Helpers // nil for none
	Others  []byte        // work memory of the helpers, aligned to 64 bytes
	Each    int           // bytes of it for each of them, a multiple of 64
}

// helpers returns those who may compute what needs so much work memory; nil for none.
func (t *Team) helpers(work int) scope.Helpers {
	if t == nil || t.Helpers == nil || t.Each < work {
		return nil
	}
	return t.Helpers
}

// rooms returns the work memory of all workers.
func (a *Args) rooms() crew.Rooms[float32] {
	r := crew.Rooms[float32]{First: tensor.As[float32](a.Work)}
	if t := a.Team; t != nil {
		r.Others, r.Each = tensor.As[float32](t.Others), t.Each/4
	}
	return r
}

// perElement is how many multiply-adds of a product take as long as an element of a computation that reads and writes
// memory.
const perElement = 32

// A part computes the units from ≤ i < to of what a kernel has to do, with work memory of its own. Units can be
// computed in any order, at the same time, and are the same chain of operations in every part.
type part func(a *Args, work []float32, from, to int)

// A division is a kernel in pieces.
type division struct {
	args  *Args
	part  part
	rooms crew.Rooms[float32]
	units int
	count int // pieces
}

// RunPiece computes a piece. It is for [scope.Helpers].
func (d *division) RunPiece(worker, i int) {
	from, to := crew.Share(i, d.count, d.units)
	d.part(d.args, d.rooms.Of(worker), from, to)
}

var divisions spare.List[division]

// divide computes so many units, which take so many multiply-adds all together and a work memory of so many bytes for
// each worker, with the helpers of a if they are worth it.
func (a *Args) divide(units int, multiplyAdds float64, work int, f part) {
	h := a.Team.helpers(work)
	workers := crew.Workers(h, multiplyAdds)
	if workers == 1 || units == 1 {
		f(a, tensor.As[float32](a.Work), 0, units)
		return
	}
	d := divisions.Take()
	*d = division{a, f, a.rooms(), units, min(units, 4*workers)}
	h.RunPieces(d.count, d)
	divisions.Put(d)
}

package ops

import (
	crew "github.com/allocarrays/allocarrays-go/internal/pieces"
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

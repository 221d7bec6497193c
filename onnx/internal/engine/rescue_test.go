package engine_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
)

// TestRescue: a panic of the Go runtime is an error that names the node, any other goes on.
func TestRescue(t *testing.T) {
	node := &graph.Node{Name: "n", Op: "Relu"}
	run := func(now *graph.Node, f func()) (err error) {
		defer engine.Rescue(&err, &now)
		f()
		return nil
	}
	var list []int
	index := func() { list[3] = 1 }
	assert.NoError(t, run(node, func() {}))
	err := run(node, index)
	assert.ErrorContains(t, err, `node "n" (Relu, opset 0): a check is missing: runtime error: index out of range [3]`)
	assert.ErrorIs(t, err, engine.ErrInvalid)
	_, ok := errors.AsType[runtime.Error](err)
	assert.True(t, ok)
	assert.ErrorContains(t, run(nil, index), "onnx: a check is missing: runtime error")
	assert.PanicsWithError(t, "stale", func() { _ = run(node, func() { panic(errors.New("stale")) }) })
	assert.Panics(t, func() { _ = run(node, func() { panic(fault{}) }) }, "a fault at an address")
}

// A fault is an error as that of memory that is not there.
type fault struct{}

func (fault) Error() string { return "fault" }
func (fault) RuntimeError() {}
func (fault) Addr() uintptr { return 8 }

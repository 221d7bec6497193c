package engine

import (
	"fmt"
	"runtime"

	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
)

// Rescue is deferred where a file has the say about what is computed. It makes an error of a panic of the Go runtime,
// such as an index out of range: the file asks for something that no check foresaw. That is a last resort, behind the
// checks: each such error is a fault of this module. All other panics go on as they are, and so do faults at an
// address, which are how package guard finds uses of memory after its scope.
func Rescue(err *error, now **graph.Node) {
	switch v := recover().(type) {
	case nil:
	case interface {
		runtime.Error
		Addr() uintptr
	}:
		panic(v)
	case runtime.Error:
		*err = fmt.Errorf("onnx: a check is missing: %w", v)
		if *now != nil {
			*err = nodeError(*now, fmt.Errorf("a check is missing: %w", v))
		}
	default:
		panic(v)
	}
}

package scopetest_test

import (
	"fmt"
	"testing"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope/memory"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

// lenient is a buffer with a bug: Restore of an outer level ends the inner ones too.
type lenient struct{ *bumper.AllocBuffer }

func (l lenient) Restore(cp memory.Checkpoint) error { return l.Unwind(cp) }

// printer prints what is reported to a test.
type printer struct{ testing.TB }

func (printer) Helper()           {}
func (printer) Error(args ...any) { fmt.Println(args...) }

// A report quotes the rule that is broken and shows the shortest program that breaks it.
func Example_report() {
	var t printer // in a test, a *testing.T
	scopetest.TestCheckpointer(t, func() memory.Checkpointer {
		return lenient{bumper.NewAllocBuffer(1 << 20)}
	})
	// Output:
	// order: a.Restore(cp1) returns no error
	// the contract: Levels end in the reverse order of their beginning: Restore of a checkpoint above which another level is open is an error and changes nothing.
	// the shortest program found:
	//	a := new()
	//	cp1 := a.Checkpoint()
	//	cp2 := a.Checkpoint()
	//	err = a.Restore(cp1) // <nil> // ← order
	// forgotten: NoEscape returns fn's error alone, though a checkpoint was left open
	// the contract: A scope in which fn left a checkpoint open is an error of NoEscape, beside fn's own.
	// the shortest program found:
	//	a := new()
	//	err = scope.NoEscape(ctx, func(ctx context.Context) error {
	//		_ = a.Checkpoint()
	//		return errEnding // ← forgotten
	//	})
}

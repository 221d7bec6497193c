package allocarray

import "github.com/allocarrays/allocarrays-go/scope"

// check panics if the scope of a's elements has ended, or if a is the zero value.
// It stands at the beginning of everything that touches an element.
func (a *AllocArray[T]) check(op string) {
	if !a.stamp.Live() || a.rank == 0 && len(a.data) == 0 {
		a.panicUnusable(op)
	}
}

// Live reports whether the array may be used: the scope that its elements were
// allocated in has not ended.
func (a AllocArray[T]) Live() bool { return a.stamp.Live() }

func (a *AllocArray[T]) panicUnusable(op string) {
	if a.Live() {
		panic(misuse("%s of the zero AllocArray, which has no element", op))
	}
	panic(&scope.StaleError{
		What: "allocarray: " + op + " of a " + a.text() + " array",
		End:  a.stamp.End(),
		Fix:  "copy what must outlive a scope with Heap() or CopyTo before it ends",
	})
}

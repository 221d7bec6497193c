package allocarray

import "github.com/allocarrays/allocarrays-go/scope"

// WrapStamped is [Wrap] for elements that [scope.Alloc] gave out with a stamp: the array notices the end of
// their scope. It is for packages that have arrays of their own and share memory with these.
func WrapStamped[T Element](s []T, stamp scope.Stamp, shape ...int) AllocArray[T] {
	a := Wrap(s, shape...)
	a.stamp = stamp
	return a
}

// Stamp returns the stamp of the elements' scope; the zero Stamp, which is always live, for those of [Wrap]. It is the
// counterpart of [WrapStamped].
func (a AllocArray[T]) Stamp() scope.Stamp { return a.stamp }

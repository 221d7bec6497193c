package allocarray

import "github.com/allocarrays/allocarrays-go/scope"

// Stamp returns the stamp of the elements' scope; the zero Stamp, which is always live, for those of [Wrap]. It is the
// counterpart of [WrapStamp].
func (a AllocArray[T]) Stamp() scope.Stamp { return a.stamp }

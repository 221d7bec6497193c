package arrowscope

import (
	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/scope"
)

func wrapStamp[T allocarray.Element](s []T, stamp scope.Stamp, shape ...int) allocarray.AllocArray[T] {
	return allocarray.Wrap(s, shape...)
}

package bumper

import (
	"github.com/allocarrays/allocarrays-go/internal/handshake"
	"github.com/allocarrays/allocarrays-go/internal/poison"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

func init() {
	if poison.On {
		return // every block must pass through Alloc
	}
	handshake.BumpOf = func(a memory.Allocator) *handshake.Bump {
		switch b := a.(type) { // and nothing that embeds one of them
		case *AllocBuffer:
			return &b.levels.at
		case *SlabBuffer:
			return &b.levels.at
		case *AutoscalingBuffer:
			return &b.levels.at
		}
		return nil
	}
}

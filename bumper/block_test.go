package bumper_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestBlock: a block is as many bytes as were asked for, to read and to write, and no
// capacity beyond.
func TestBlock(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) {
			buf := new()
			for _, size := range []uintptr{1, 63, 64, 1000, 50_000} {
				b, err := buf.Alloc(size, 1)
				require.NoError(t, err)
				require.Len(t, b.Bytes(), int(size))
				require.Equal(t, int(size), cap(b.Bytes()))
				require.True(t, b.Stamp.Live())
				for i := range b.Bytes() {
					b.Bytes()[i] = byte(i)
				}
			}
		})
	}
}

// TestAlignment: a block begins at a multiple of what was asked for, and from 64 bytes
// on at a multiple of 64 in any case.
func TestAlignment(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) {
			buf := new()
			for _, c := range []struct{ size, align, want uintptr }{
				{1, 1, 1}, {6, 2, 2}, {7, 4, 4}, {8, 8, 8}, {63, 8, 8}, {64, 1, 64}, {1000, 8, 64}, {10, 128, 128}, {1000, 4096, 4096},
			} {
				mustAlloc(t, buf, 1) // so that the next offset is an odd one
				b, err := buf.Alloc(c.size, c.align)
				require.NoError(t, err)
				require.Zero(t, uintptr(unsafe.Pointer(unsafe.SliceData(b.Bytes())))%c.want, "Alloc(%d, %d)", c.size, c.align)
			}
		})
	}
}

// TestEmptyBlock: a request for no bytes gives a block without bytes.
func TestEmptyBlock(t *testing.T) {
	for name, new := range buffers {
		t.Run(name, func(t *testing.T) {
			b, err := new().Alloc(0, 8)
			require.NoError(t, err)
			require.Empty(t, b.Bytes())
		})
	}
}

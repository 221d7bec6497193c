package onnx_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// residents are ways to give the memory of a large input back: what docs/onnx.md says about them is so.
var residents = map[string]func() (memory.Allocator, func()){
	"Trim and FreeOSMemory": func() (memory.Allocator, func()) {
		b := bumper.NewSlabBuffer()
		return b, func() {
			b.Trim()
			debug.FreeOSMemory()
		}
	},
	"Retain": func() (memory.Allocator, func()) {
		return locked.Share(bumper.NewSlabBuffer(bumper.From(offheap.Mmap())), locked.Retain(0, 16<<20)), func() {}
	},
	"Prompt": func() (memory.Allocator, func()) {
		return bumper.NewSlabBuffer(bumper.From(offheap.Mmap()), bumper.Prompt()), func() {}
	},
}

const residentVariable = "ALLOCARRAYS_TEST_RESIDENT"

// TestLargeInputLeaves: after a picture of 1504 by 1504 and ten of 320 by 320, the process is as large as it was before the large
// one, within a tenth.
func TestLargeInputLeaves(t *testing.T) {
	if name := os.Getenv(residentVariable); name != "" {
		small, large, after := resident(t, residents[name])
		fmt.Println("resident", small, large, after)
		return
	}
	data(t)
	if testing.Short() || testenv.Slow() {
		t.Skip("takes seconds")
	}
	for name := range residents {
		t.Run(name, func(t *testing.T) {
			child := testenv.Self("-test.run=^TestLargeInputLeaves$", "-test.v")
			child.Env = append(os.Environ(), residentVariable+"="+name)
			out, err := child.CombinedOutput()
			require.NoError(t, err, string(out))
			_, figures, ok := strings.Cut(string(out), "resident ")
			require.True(t, ok, string(out))
			var small, large, after int
			_, err = fmt.Sscan(figures, &small, &large, &after)
			require.NoError(t, err)
			t.Logf("%d bytes, after the large picture %d, after small ones %d", small, large, after)
			require.Less(t, float64(after), 1.1*float64(small))
		})
	}
}

func resident(t *testing.T, open func() (memory.Allocator, func())) (small, large, after int) {
	m, err := onnx.LoadFile(filepath.Join(data(t), "models", "ppocr_v4_det.onnx"))
	require.NoError(t, err)
	p, err := m.Compile()
	require.NoError(t, err)
	buffer, done := open()
	ctx := scope.WithAllocator(t.Context(), buffer)
	run := func(n, side int) int {
		for range n {
			require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
				_, err := p.Run(ctx, onnx.From(scope.Make[float32](ctx, 3*side*side), 1, 3, side, side))
				return err
			}))
			done()
		}
		debug.FreeOSMemory() // plans make garbage, which the runtime gives back within minutes
		b, err := os.ReadFile("/proc/self/statm")
		require.NoError(t, err)
		var all, here int
		_, err = fmt.Sscan(string(b), &all, &here)
		require.NoError(t, err)
		return here * os.Getpagesize()
	}
	return run(3, 320), run(1, 1504), run(10, 320)
}

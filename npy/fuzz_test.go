package npy_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/npy"
	"github.com/allocarrays/allocarrays-go/scope"
)

// FuzzRead: no file makes Read panic, or use more memory than the file has, or four times that
// where nobody knows how long it is, and a chunk. What it reads is written and read as the same.
func FuzzRead(f *testing.F) {
	f.Add(written(f, allocarray.Arange[float64](f.Context(), 6).Reshape(2, 3)))
	f.Add(written(f, allocarray.Arange[int16](f.Context(), 6).Reshape(2, 3).Transpose()))
	f.Add(written(f, allocarray.Full(f.Context(), uint8(3))))
	f.Add(file("{'descr': '|b1', 'fortran_order': True, 'shape': (2, 0, 99999999)}"))
	f.Add(file("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,)}", 1, 2, 3))
	f.Add([]byte("\x93NUMPY\x02\x00\x02\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzzRead[float64](t, text)
		fuzzRead[int16](t, text)
		fuzzRead[uint8](t, text)
		fuzzRead[int](t, text)
	})
}

func fuzzRead[T allocarray.Element](t *testing.T, text []byte) {
	within := func(bytes int) context.Context {
		return scope.WithAllocator(t.Context(), bumper.NewSlabBuffer(bumper.Limit(bytes+64<<10), bumper.SlabSize(64)))
	}
	a, err := npy.Read[T](within(len(text)), bytes.NewReader(text))
	b, again := npy.Read[T](within(4*len(text)), bytes.NewBuffer(text))
	require.NotErrorIs(t, err, scope.ErrExhausted)
	require.NotErrorIs(t, again, scope.ErrExhausted)
	require.Equal(t, err == nil, again == nil, "%v, %v", err, again)
	if err != nil {
		return
	}
	out := written(t, a)
	require.Equal(t, out, written(t, b))
	c, err := npy.Read[T](t.Context(), bytes.NewReader(out))
	require.NoError(t, err)
	require.Equal(t, a.Shape(), c.Shape())
	require.Equal(t, out, written(t, c))
}

// FuzzArchive: no archive makes a reader panic.
func FuzzArchive(f *testing.F) {
	for _, compressed := range []bool{false, true} { // small ones: the fuzzer minimizes what it finds
		var out bytes.Buffer
		z := npy.NewArchiveWriter(&out, compressed)
		require.NoError(f, npy.WriteArray(z, "x", allocarray.Arange[float32](f.Context(), 3)))
		require.NoError(f, z.Close())
		f.Add(out.Bytes())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		buf := bumper.NewSlabBuffer(bumper.Limit(3*1032*len(text) + 1<<20))
		readAll(scope.WithAllocator(t.Context(), buf), text)
	})
}

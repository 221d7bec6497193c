package npy_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/npy"
)

// archive returns an .npz file with two arrays.
func archive(t testing.TB, compressed bool) []byte {
	var out bytes.Buffer
	z := npy.NewArchiveWriter(&out, compressed)
	require.NoError(t, npy.WriteArray(z, "x", allocarray.Arange[float32](t.Context(), 1000).Reshape(10, 100)))
	require.NoError(t, npy.WriteArray(z, "y", allocarray.Arange[int64](t.Context(), 3)))
	require.NoError(t, z.WriteBool("mask", allocarray.Wrap([]uint8{0, 5})))
	require.Error(t, npy.WriteArray(z, "x", allocarray.Arange[int64](t.Context(), 3)))
	require.Error(t, npy.WriteArray(z, "", allocarray.Arange[int64](t.Context(), 3)))
	require.NoError(t, z.Close())
	return out.Bytes()
}

func open(t testing.TB, text []byte) *npy.Archive {
	t.Helper()
	z, err := npy.OpenArchive(bytes.NewReader(text), int64(len(text)))
	require.NoError(t, err)
	return z
}

// TestArchive: arrays come back, in any order.
func TestArchive(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		z := open(t, archive(t, compressed))
		require.Equal(t, []string{"x", "y", "mask"}, z.Names())
		y, err := npy.ReadArray[int64](t.Context(), z, "y")
		require.NoError(t, err)
		require.Equal(t, []int64{0, 1, 2}, y.Data())
		x, err := npy.ReadArray[float32](t.Context(), z, "x")
		require.NoError(t, err)
		require.Equal(t, float32(999), x.At(9, 99))
		mask, err := npy.ReadArray[uint8](t.Context(), z, "mask")
		require.NoError(t, err)
		require.Equal(t, []uint8{0, 1}, mask.Data())
		h, err := z.Header("x")
		require.NoError(t, err)
		require.Equal(t, npy.Header{Descr: "<f4", Shape: []int{10, 100}}, h)
		_, err = npy.ReadArray[float32](t.Context(), z, "z")
		require.ErrorContains(t, err, `no array "z", but ["x" "y" "mask"]`)
		_, err = npy.ReadArray[float64](t.Context(), z, "x")
		require.ErrorContains(t, err, `array "x": npy: elements are <f4`)
	}
}

// TestMalformedArchive: checksums, lengths and names are checked.
func TestMalformedArchive(t *testing.T) {
	good := archive(t, false)
	for i := range good { // one byte wrong, and no panic
		bad := bytes.Clone(good)
		bad[i] ^= 0x55
		readAll(t.Context(), bad)
	}
	at := bytes.Index(good, []byte{0, 0, 0x80, 0x3f}) // 1 in x
	bad := bytes.Clone(good)
	bad[at+2]++
	_, err := npy.ReadArray[float32](t.Context(), open(t, bad), "x")
	require.ErrorIs(t, err, zip.ErrChecksum)

	for n := range len(good) {
		_, err := npy.OpenArchive(bytes.NewReader(good[:n]), int64(n))
		require.Error(t, err, "%d bytes", n)
	}

	var out bytes.Buffer
	z := zip.NewWriter(&out)
	add := func(name string, text []byte) {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = w.Write(text)
		require.NoError(t, err)
	}
	whole := written(t, allocarray.Arange[int64](t.Context(), 3))
	add("readme.txt", []byte("not an array"))
	add("more.npy", append(bytes.Clone(whole), 0))
	add("less.npy", whole[:len(whole)-1])
	require.NoError(t, z.Close())
	a := open(t, out.Bytes())
	require.Equal(t, []string{"more", "less"}, a.Names())
	_, err = npy.ReadArray[int64](t.Context(), a, "more")
	require.ErrorContains(t, err, "more behind the elements")
	_, err = npy.ReadArray[int64](t.Context(), a, "less")
	require.Error(t, err)

	out.Reset()
	z = zip.NewWriter(&out)
	add("a.npy", whole)
	add("a.npy", whole)
	require.NoError(t, z.Close())
	_, err = npy.OpenArchive(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.ErrorContains(t, err, "two arrays")
}

// TestBombs: an archive that promises more than it can hold is read as far as it goes.
func TestBombs(t *testing.T) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "a.npy", Method: zip.Deflate})
	require.NoError(t, err)
	_, err = w.Write(file("{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000,), }", make([]byte, 1000)...))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	honest := out.Bytes()
	lying := bytes.Clone(honest)
	directory := bytes.LastIndex(lying, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(lying[directory+20:], 0xfffffff0) // compressed
	binary.LittleEndian.PutUint32(lying[directory+24:], 0xfffffff0)
	for _, text := range [][]byte{honest, lying} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := npy.ReadArray[float64](t.Context(), open(t, text), "a")
		runtime.ReadMemStats(&after)
		require.Error(t, err)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1_000_000))
	}
}

// readAll reads what there is as what it is.
func readAll(ctx context.Context, text []byte) {
	z, err := npy.OpenArchive(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return
	}
	for _, name := range z.Names() {
		_, _ = z.Header(name)
		_, _ = npy.ReadArray[float32](ctx, z, name)
		_, _ = npy.ReadArray[int64](ctx, z, name)
		_, _ = npy.ReadArray[uint8](ctx, z, name)
	}
}

package idx_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
)

// allocated returns how many bytes f takes from the heap.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// TestClaims: a header that announces a hundred megabytes costs a small buffer.
func TestClaims(t *testing.T) {
	file := []byte("\x00\x00\x08\x03\x01\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x03tiny")
	for name, data := range map[string][]byte{"plain": file, "gzipped": zipped(t, file)} {
		t.Run(name, func(t *testing.T) {
			var err error
			bytes := allocated(func() { _, err = idx.ReadImages(bytes.NewReader(data), "f") })
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Less(t, bytes, 256<<10)
		})
	}
}

// TestBombs: gzipped files of zeros, which unpack to a thousand times their size, are
// given up early, whatever they pretend to be.
func TestBombs(t *testing.T) {
	const content = 8 << 20
	images := append([]byte("\x00\x00\x08\x03\x00\x80\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01"), make([]byte, content)...)
	labels := append([]byte("\x00\x00\x08\x01\x00\x80\x00\x00"), make([]byte, content)...)
	behind := append(imagesFile(t, small()), make([]byte, content)...)
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"images", zipped(t, images), `^idx: .*t10k-images-idx3-ubyte: reading 8388608 images of 1x1: after \d+ of 8388608 bytes: unpacks to more than 100 times its size$`},
		{"behind the images", zipped(t, behind), `^idx: .*t10k-images-idx3-ubyte: more data after the last of the announced items$`},
		{"labels", zipped(t, labels), `^idx: .*t10k-labels-idx1-ubyte: reading 8388608 labels: after \d+ of 8388608 bytes: unpacks to more than 100 times its size$`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if c.name == "labels" {
				write(t, dir, "t10k-images-idx3-ubyte", imagesFile(t, small()))
				write(t, dir, "t10k-labels-idx1-ubyte", c.file)
			} else {
				write(t, dir, "t10k-images-idx3-ubyte", c.file)
				write(t, dir, "t10k-labels-idx1-ubyte", labelsFile(t, small().Labels))
			}
			var err error
			bytes := allocated(func() { _, err = idx.Load(dir, idx.Test) })
			require.Error(t, err)
			require.Regexp(t, c.want, err.Error())
			require.Less(t, bytes, 1<<20+300*len(c.file))
		})
	}
}

// TestCostOfALoad: what a set costs is a few times what it has.
func TestCostOfALoad(t *testing.T) {
	d := idx.Data{Images: make([]byte, 10_000*100), Labels: make([]byte, 10_000), Rows: 10, Cols: 10, N: 10_000}
	for i := range d.Images {
		d.Images[i] = byte(i * i >> 5)
	}
	dir := t.TempDir()
	write(t, dir, "t10k-images-idx3-ubyte", zipped(t, imagesFile(t, d)))
	write(t, dir, "t10k-labels-idx1-ubyte", labelsFile(t, d.Labels))
	var err error
	bytes := allocated(func() { _, err = idx.Load(dir, idx.Test) })
	require.NoError(t, err)
	require.Less(t, bytes, 4*len(d.Images)+1<<20)
}

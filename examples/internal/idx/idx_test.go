package idx_test

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// small is a set of three images of 2x3 pixels.
func small() idx.Data {
	return idx.Data{
		Images: []byte{1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60, 0, 0, 255, 255, 0, 0},
		Labels: []byte{7, 0, 9}, Rows: 2, Cols: 3, N: 3,
	}
}

func imagesFile(t testing.TB, d idx.Data) []byte {
	var b bytes.Buffer
	require.NoError(t, idx.EncodeImages(&b, d))
	return b.Bytes()
}

func labelsFile(t testing.TB, labels []byte) []byte {
	var b bytes.Buffer
	require.NoError(t, idx.EncodeLabels(&b, labels))
	return b.Bytes()
}

func zipped(t testing.TB, plain []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func write(t testing.TB, dir, name string, data []byte) {
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
}

func TestLoad(t *testing.T) {
	d := small()
	images, labels := imagesFile(t, d), labelsFile(t, d.Labels)
	tests := []struct {
		name           string
		set            idx.Set
		images, labels string
		imagesData     []byte
	}{
		{"raw", idx.Train, "train-images-idx3-ubyte", "train-labels-idx1-ubyte", images},
		{"gzipped", idx.Test, "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte", zipped(t, images)},
		{"dotted", idx.Test, "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte", images},
		{"dotted and gzipped", idx.Train, "train-images.idx3-ubyte.gz", "train-labels.idx1-ubyte", zipped(t, images)},
		{"gzipped without the suffix", idx.Train, "train-images-idx3-ubyte", "train-labels-idx1-ubyte", zipped(t, images)},
		{"raw with the suffix", idx.Train, "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", images},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tt.images, tt.imagesData)
			write(t, dir, tt.labels, labels)
			got, err := idx.Load(dir, tt.set)
			require.NoError(t, err)
			require.Equal(t, d, got)
			require.Equal(t, []byte{10, 20, 30, 40, 50, 60}, got.Image(1))
		})
	}
}

// TestImagesFile spells a file out, so that reader and writer cannot agree on
// the same mistake.
func TestImagesFile(t *testing.T) {
	d := small()
	require.Equal(t, "\x00\x00\x08\x03\x00\x00\x00\x03\x00\x00\x00\x02\x00\x00\x00\x03"+string(d.Images), string(imagesFile(t, d)))
	require.Equal(t, "\x00\x00\x08\x01\x00\x00\x00\x03\x07\x00\x09", string(labelsFile(t, d.Labels)))
}

func TestImagesErrors(t *testing.T) {
	good := imagesFile(t, small())
	with := func(offset int, b ...byte) []byte {
		file := bytes.Clone(good)
		copy(file[offset:], b)
		return file
	}
	damaged := zipped(t, good)
	damaged[len(damaged)-8] ^= 1 // the checksum
	tests := []struct {
		name string
		file []byte
		want string
		is   error
	}{
		{"empty", nil, "idx: f: ended after 0 of the 16 bytes of a header of images: unexpected EOF", io.ErrUnexpectedEOF},
		{"short header", good[:15], "idx: f: ended after 15 of the 16 bytes of a header of images: unexpected EOF", io.ErrUnexpectedEOF},
		{"labels", with(3, 1), "idx: f: magic number 0x00000801, want 0x00000803: not a file of images", nil},
		{"little endian", with(0, 3, 8, 0, 0), "idx: f: magic number 0x03080000, want 0x00000803: not a file of images", nil},
		{"none", with(4, 0, 0, 0, 0), "idx: f: holds no images", nil},
		{"no rows", with(8, 0, 0, 0, 0), "idx: f: absurd image size 0x3", nil},
		{"no columns", with(12, 0, 0, 0, 0), "idx: f: absurd image size 2x0", nil},
		{"large image", with(8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "idx: f: absurd image size 4294967295x4294967295", nil},
		{"absurd count", with(4, 0xff, 0xff, 0xff, 0xff),
			"idx: f: absurd count: 4294967295 images of 2x3 are over the limit of 134217728 bytes", nil},
		{"more than there is", with(4, 0x01, 0, 0, 0),
			"idx: f: reading 16777216 images of 2x3: ended after 18 of 100663296 bytes: unexpected EOF", io.ErrUnexpectedEOF},
		{"truncated", good[:len(good)-1], "idx: f: reading 3 images of 2x3: ended after 17 of 18 bytes: unexpected EOF", io.ErrUnexpectedEOF},
		{"too long", append(bytes.Clone(good), 0), "idx: f: more data after the last of the announced items", nil},
		{"truncated gzip", zipped(t, good)[:30], "idx: f: reading 3 images of 2x3: ended after 8 of 18 bytes: unexpected EOF", io.ErrUnexpectedEOF},
		{"gzip header only", []byte{0x1f, 0x8b, 8}, "idx: f: damaged gzip header: unexpected EOF", io.ErrUnexpectedEOF},
		{"gzip checksum", damaged, "idx: f: gzip: invalid checksum", gzip.ErrChecksum},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := idx.ReadImages(bytes.NewReader(tt.file), "f")
			require.EqualError(t, err, tt.want)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
		})
	}
}

func TestLabelsErrors(t *testing.T) {
	good := labelsFile(t, []byte{1, 2})
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"images", imagesFile(t, small()), "idx: f: magic number 0x00000803, want 0x00000801: not a file of labels"},
		{"not a digit", append(bytes.Clone(good[:9]), 10), "idx: f: label 1 is 10, not a digit"},
		{"truncated", good[:9], "idx: f: reading 2 labels: ended after 1 of 2 bytes: unexpected EOF"},
		{"too long", append(bytes.Clone(good), 3), "idx: f: more data after the last of the announced items"},
		{"absurd count", []byte("\x00\x00\x08\x01\xff\xff\xff\xff"), "idx: f: absurd count: 4294967295 labels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := idx.ReadLabels(bytes.NewReader(tt.file), "f")
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestLoadErrors(t *testing.T) {
	d := small()
	dir := t.TempDir()
	_, err := idx.Load(dir, idx.Test)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, err, "idx: "+dir+": none of t10k-images-idx3-ubyte, t10k-images.idx3-ubyte, "+
		"t10k-images-idx3-ubyte.gz, t10k-images.idx3-ubyte.gz: file does not exist")

	write(t, dir, "t10k-images-idx3-ubyte", imagesFile(t, d))
	_, err = idx.Load(dir, idx.Test)
	require.ErrorContains(t, err, "none of t10k-labels-idx1-ubyte")

	labels := filepath.Join(dir, "t10k-labels-idx1-ubyte")
	write(t, dir, "t10k-labels-idx1-ubyte", labelsFile(t, []byte{1, 2}))
	_, err = idx.Load(dir, idx.Test)
	require.EqualError(t, err, "idx: "+labels+": 2 labels for the 3 images of t10k-images-idx3-ubyte")

	require.NoError(t, os.Remove(labels))
	require.NoError(t, os.Mkdir(labels, 0o700))
	_, err = idx.Load(dir, idx.Test)
	require.ErrorContains(t, err, "idx: "+labels)
}

func TestMisuse(t *testing.T) {
	require.PanicsWithValue(t, "idx: Load: Set(2) is neither Train nor Test", func() { _, _ = idx.Load(".", 2) })
	require.PanicsWithValue(t, "idx: Image: index 3 of 3 images", func() { small().Image(3) })
	require.PanicsWithValue(t, "idx: EncodeImages: 0 bytes for 0 images of 0x0", func() { _ = idx.EncodeImages(io.Discard, idx.Data{}) })
	require.PanicsWithValue(t, "idx: EncodeLabels: no labels", func() { _ = idx.EncodeLabels(io.Discard, nil) })
	require.PanicsWithValue(t, "idx: EncodeLabels: label 1 is 10, not a digit", func() { _ = idx.EncodeLabels(io.Discard, []byte{0, 10}) })
}

// stubborn is a disk that fills up after n bytes.
type stubborn struct{ n int }

var errFull = errors.New("disk full")

func (s *stubborn) Write(p []byte) (int, error) {
	if s.n -= len(p); s.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteErrors(t *testing.T) {
	require.ErrorIs(t, idx.EncodeImages(&stubborn{3}, small()), errFull)
	require.ErrorIs(t, idx.EncodeImages(&stubborn{20}, small()), errFull)
	require.ErrorIs(t, idx.EncodeLabels(&stubborn{8}, []byte{1}), errFull)
}

// TestMNIST compares the published checksums of the uncompressed files, which
// the reader's pixels and a header written again have to reproduce.
func TestMNIST(t *testing.T) {
	dir := testenv.Data(t, "mnist")
	test, err := idx.Load(dir, idx.Test)
	require.NoError(t, err)
	require.Equal(t, []int{10_000, 28, 28}, []int{test.N, test.Rows, test.Cols})
	require.Equal(t, "2646ac647ad5339dbf082846283269ea", sum(imagesFile(t, test)))
	require.Equal(t, []byte{7, 2, 1, 0, 4}, test.Labels[:5])

	if testing.Short() {
		t.Skip("the training set takes a second to unpack")
	}
	train, err := idx.Load(dir, idx.Train)
	require.NoError(t, err)
	require.Equal(t, []int{60_000, 28, 28}, []int{train.N, train.Rows, train.Cols})
	require.Equal(t, "a25bea736e30d166cdddb491f175f624", sum(labelsFile(t, train.Labels)))
}

func sum(data []byte) string {
	digest := md5.Sum(data)
	return hex.EncodeToString(digest[:])
}

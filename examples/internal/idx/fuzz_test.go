package idx_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
)

// FuzzRead promises that no bytes make the readers panic, that what they take
// keeps the promises of Data, and that writing it again gives the same bytes.
func FuzzRead(f *testing.F) {
	images, labels := imagesFile(f, small()), labelsFile(f, []byte{1, 2, 3})
	f.Add(images)
	f.Add(labels)
	f.Add(zipped(f, images))
	f.Add(zipped(f, labels))
	f.Add(images[:20])
	f.Add([]byte("\x00\x00\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		plain := !bytes.HasPrefix(file, []byte{0x1f, 0x8b})
		d, err := idx.ReadImages(bytes.NewReader(file), "f")
		if err == nil {
			require.Positive(t, d.N)
			require.Len(t, d.Images, d.N*d.Rows*d.Cols)
			require.Len(t, d.Image(d.N-1), d.Rows*d.Cols)
			require.True(t, !plain || bytes.Equal(file, imagesFile(t, d)))
		} else {
			require.True(t, strings.HasPrefix(err.Error(), "idx: f: "), err)
		}
		read, err := idx.ReadLabels(bytes.NewReader(file), "f")
		if err == nil {
			require.NotEmpty(t, read)
			require.True(t, !plain || bytes.Equal(file, labelsFile(t, read)))
		} else {
			require.True(t, strings.HasPrefix(err.Error(), "idx: f: "), err)
		}
	})
}

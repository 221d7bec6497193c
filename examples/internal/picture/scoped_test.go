package picture_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/picture"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestScoped: all arrays of a normalisation come from the context, and the digit is the
// same as on the heap.
func TestScoped(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	p := page{10, 30, 30, color.NRGBA{255, 255, 255, 255}, color.NRGBA{0, 0, 0, 255}, 0, 5, 1.5}
	img := p.render(digits.Draw(5, rng), rng)
	want, err := picture.Normalize(t.Context(), img)
	require.NoError(t, err)

	pixels := img.Bounds().Dx() * img.Bounds().Dy()
	buf := bumper.NewAllocBuffer(pixels + 256<<10) // what the documentation says
	ctx := scope.WithAllocator(t.Context(), buf)
	var got [picture.Size * picture.Size]byte
	normalize := func(ctx context.Context) (err error) {
		got, err = picture.Normalize(ctx, img)
		return err
	}
	require.NoError(t, scope.NoEscape(ctx, normalize)) // the first takes the storage
	bytes := allocated(func() { require.NoError(t, scope.NoEscape(ctx, normalize)) })
	require.Equal(t, want, got)
	require.Less(t, bytes, uint64(4<<10), "of heap")
}

func TestDecode(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 1024, 1024))))
	img, err := picture.Decode(b.Bytes(), 1<<20)
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 1024, 1024), img.Bounds())

	b.Reset()
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 1024, 1025))))
	_, err = picture.Decode(b.Bytes(), 1<<20)
	require.EqualError(t, err, "picture: picture of 1024x1025 pixels is over the limit of 1 megapixels")
	_, err = picture.Decode([]byte("GIF87"), 1<<20)
	require.ErrorContains(t, err, "picture: not a PNG, JPEG or GIF picture: ")
}

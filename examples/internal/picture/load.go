package picture

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/gif" // the formats that Load accepts
	_ "image/jpeg"
	_ "image/png"

	"github.com/allocarrays/allocarrays-go/examples/internal/input"
)

// maxFile is the size in bytes of the largest file that Load reads.
const maxFile = 64 << 20

// Load reads the PNG, JPEG or GIF file (or pipe) at path, of a GIF the first frame, and
// normalises it; see [Normalize].
//
// Decoders allocate what a header says before they have seen a pixel, so Load checks the
// header first. It refuses files of more than 64 MiB, pictures of more than 64 megapixels
// (64·2^20), pictures that take their decoder more than 320 MiB, and files that are too
// short for the pixels that they claim to have. In all it allocates at most 512 MiB.
//
// The arrays of the normalisation come from ctx; file and decoder use the Go heap.
//
// Errors begin with "picture: " and name the file and the reason; a missing file matches
// fs.ErrNotExist.
func Load(ctx context.Context, path string) ([Size * Size]byte, error) {
	img, err := decodeFile(path)
	if err != nil {
		return [Size * Size]byte{}, fmt.Errorf("picture: %s: %w", path, err)
	}
	digit, err := normalize(ctx, img)
	if err != nil {
		return digit, fmt.Errorf("picture: %s: %w", path, err)
	}
	return digit, nil
}

// maxPixels limits the size of a picture in a file.
const maxPixels = 64 << 20

func decodeFile(path string) (image.Image, error) {
	data, err := input.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	return decode(data, maxPixels)
}

// Decode decodes a PNG, JPEG or GIF picture, of a GIF the first frame, of at most pixels
// pixels. As [Load], it refuses what would make the decoder allocate more than 320 MiB, and
// what is too short for the pixels that it claims to have, before it decodes. A PNG picture
// takes 16 bytes for each pixel at most. The memory is the Go heap's, because the decoders
// are the standard library's. Errors begin with "picture: ".
func Decode(data []byte, pixels int) (image.Image, error) {
	img, err := decode(data, pixels)
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	return img, nil
}

func decode(data []byte, pixels int) (image.Image, error) {
	header, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("not a PNG, JPEG or GIF picture: %w", err)
	}
	if err := checkSize(header.Width, header.Height, pixels); err != nil {
		return nil, err
	}
	if err := checkCost(data, format, header.Width, header.Height); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("damaged %s picture: %w", format, err)
	}
	return img, nil
}

// checkSize refuses pictures without pixels and with more than most, a number of
// megapixels.
func checkSize(width, height, most int) error {
	if width <= 0 || height <= 0 {
		return fmt.Errorf("picture of %dx%d pixels", width, height)
	}
	if int64(width)*int64(height) > int64(most) {
		return fmt.Errorf("picture of %dx%d pixels is over the limit of %d megapixels", width, height, most>>20)
	}
	return nil
}

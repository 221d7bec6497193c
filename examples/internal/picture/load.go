package picture

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // the formats that Load accepts
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"os"
)

// maxPixels limits the size of a picture: decoders allocate what the header
// says before they have seen a single pixel.
const maxPixels = 64 << 20

// Load reads the PNG, JPEG or GIF file at path (of a GIF, the first frame) and
// normalises it; see [Normalize]. The size in the header is checked before the
// pixels are decoded: more than 64 megapixels (64·2^20) are an error.
//
// Errors begin with "picture: " and name the file and the reason; a missing
// file matches fs.ErrNotExist.
func Load(path string) ([Size * Size]byte, error) {
	img, err := decodeFile(path)
	if err != nil {
		return [Size * Size]byte{}, fmt.Errorf("picture: %s: %w", path, err)
	}
	digit, err := normalize(img)
	if err != nil {
		return digit, fmt.Errorf("picture: %s: %w", path, err)
	}
	return digit, nil
}

func decodeFile(path string) (image.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			err = p.Err // the path is in the message already
		}
		return nil, err
	}
	defer file.Close()
	header, format, err := image.DecodeConfig(bufio.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("not a PNG, JPEG or GIF picture: %w", err)
	}
	if err := checkSize(header.Width, header.Height); err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bufio.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("damaged %s picture: %w", format, err)
	}
	return img, nil
}

// checkSize refuses pictures without pixels and with too many.
func checkSize(width, height int) error {
	if width <= 0 || height <= 0 {
		return fmt.Errorf("picture of %dx%d pixels", width, height)
	}
	if int64(width)*int64(height) > maxPixels {
		return fmt.Errorf("picture of %dx%d pixels is over the limit of %d megapixels", width, height, maxPixels>>20)
	}
	return nil
}

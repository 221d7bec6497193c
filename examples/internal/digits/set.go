package digits

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
)

// FileName is the name that a set is stored under by the gen command.
const FileName = "digits.idx.gz"

// Set is a number of drawings with their labels.
type Set struct {
	Images []byte // Len·Size·Size pixels, 0 paper to 255 ink
	Labels []byte // Len digits, 0 to 9
}

// Len returns the number of drawings.
func (s Set) Len() int { return len(s.Labels) }

// Image returns the Size·Size pixels of drawing i, without copying. It panics
// if i is not in [0, Len).
func (s Set) Image(i int) []byte {
	if i < 0 || i >= s.Len() {
		panic(fmt.Sprintf("digits: Image: index %d of %d drawings", i, s.Len()))
	}
	const size = Size * Size
	return s.Images[i*size : (i+1)*size : (i+1)*size]
}

// Generate returns n drawings in mixed order, each digit as often as the others
// (or once more, from 0 on, when n is not a multiple of ten). The same n and
// seed give the same set; across processor architectures single pixels may
// differ by one level, where compilers round differently. It panics if n is not
// positive.
func Generate(n int, seed uint64) Set {
	if n <= 0 {
		panic(fmt.Sprintf("digits: Generate: %d drawings", n))
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	s := Set{Labels: make([]byte, n), Images: make([]byte, 0, n*Size*Size)}
	for i := range s.Labels {
		s.Labels[i] = byte(i % 10)
	}
	rng.Shuffle(n, func(i, j int) { s.Labels[i], s.Labels[j] = s.Labels[j], s.Labels[i] })
	for _, digit := range s.Labels {
		img := Draw(int(digit), rng)
		s.Images = append(s.Images, img[:]...)
	}
	return s
}

// Encode writes s as one gzip stream that holds an IDX block of the images and
// after it one of the labels. It panics if s is empty or its fields do not fit
// each other.
func Encode(w io.Writer, s Set) error {
	zip, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("digits: %w", err)
	}
	images := idx.Data{Images: s.Images, Rows: Size, Cols: Size, N: s.Len()}
	if err := idx.EncodeImages(zip, images); err != nil {
		return fmt.Errorf("digits: %w", err)
	}
	if err := idx.EncodeLabels(zip, s.Labels); err != nil {
		return fmt.Errorf("digits: %w", err)
	}
	if err := zip.Close(); err != nil {
		return fmt.Errorf("digits: %w", err)
	}
	return nil
}

// Decode reads what Encode wrote. Anything else, or anything after it, is an
// error.
func Decode(r io.Reader) (Set, error) {
	s, err := decode(r)
	if err != nil {
		return Set{}, fmt.Errorf("digits: %w", err)
	}
	return s, nil
}

func decode(r io.Reader) (Set, error) {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return Set{}, fmt.Errorf("not a set: %w", err)
	}
	images, err := idx.DecodeImages(unzipped)
	if err != nil {
		return Set{}, err
	}
	if images.Rows != Size || images.Cols != Size {
		return Set{}, fmt.Errorf("images are %dx%d, want %dx%d", images.Rows, images.Cols, Size, Size)
	}
	labels, err := idx.DecodeLabels(unzipped)
	if err != nil {
		return Set{}, err
	}
	if len(labels) != images.N {
		return Set{}, fmt.Errorf("%d labels for %d images", len(labels), images.N)
	}
	// Reading on to the end is also what verifies the checksum.
	switch n, err := io.CopyN(io.Discard, unzipped, 1); {
	case n > 0:
		return Set{}, errors.New("more data after the labels")
	case err != io.EOF:
		return Set{}, err
	}
	return Set{Images: images.Images, Labels: labels}, nil
}

package idx

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	imagesMagic = 0x0803 // unsigned bytes, three dimensions
	labelsMagic = 0x0801 // unsigned bytes, one dimension
)

// maxBytes limits the pixels of one file: nearly three times MNIST's training set.
const maxBytes = 128 << 20

// What a gzipped file may unpack to: maxRatio times the bytes of it that were read, and
// slack. MNIST's files unpack to five times their size, zeros to a thousand times.
const (
	maxRatio = 100
	slack    = 64 << 10
)

// ReadImages reads a file of images, gzipped or not, to its end; name stands
// for it in errors. The result has no labels.
func ReadImages(r io.Reader, name string) (Data, error) {
	var d Data
	err := read(r, name, func(r io.Reader) (err error) {
		d, err = DecodeImages(r)
		return err
	})
	return d, err
}

// ReadLabels reads a file of labels, gzipped or not, to its end; name stands
// for it in errors.
func ReadLabels(r io.Reader, name string) ([]byte, error) {
	var labels []byte
	err := read(r, name, func(r io.Reader) (err error) {
		labels, err = DecodeLabels(r)
		return err
	})
	return labels, err
}

// read unpacks r if it is gzipped, decodes it, and checks that nothing is
// left: reading on to the end also verifies the checksum of gzip.
func read(r io.Reader, name string, decode func(io.Reader) error) error {
	plain, err := unpack(r)
	if err == nil {
		err = decode(plain)
	}
	if err == nil {
		err = expectEnd(plain)
	}
	if err != nil {
		return fmt.Errorf("idx: %s: %w", name, err)
	}
	return nil
}

// unpack looks for the two bytes that every gzip stream begins with (RFC 1952,
// section 2.3.1) and no IDX file does.
func unpack(r io.Reader) (io.Reader, error) {
	packed := &counter{r: r}
	buffered := bufio.NewReader(packed)
	start, err := buffered.Peek(2)
	if err != nil || start[0] != 0x1f || start[1] != 0x8b {
		return buffered, nil // too short is for decode to report
	}
	unzipped, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("damaged gzip header: %w", err)
	}
	return &bounded{counter{r: unzipped}, packed}, nil
}

// A counter counts the bytes that were read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// A bounded reader refuses what unpacks to too many times its size.
type bounded struct {
	counter
	packed *counter
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.counter.Read(p)
	if b.n > slack+maxRatio*b.packed.n {
		return n, fmt.Errorf("unpacks to more than %d times its size", maxRatio)
	}
	return n, err
}

func expectEnd(r io.Reader) error {
	n, err := io.CopyN(io.Discard, r, 1)
	switch {
	case n > 0:
		return errors.New("more data after the last of the announced items")
	case err != io.EOF:
		return err
	}
	return nil
}

// DecodeImages reads one block of images that is not gzipped and leaves r
// behind it. The result has no labels. Errors come without a file name.
func DecodeImages(r io.Reader) (Data, error) {
	header, err := decodeHeader(r, imagesMagic, "images", 3)
	if err != nil {
		return Data{}, err
	}
	count, rows, cols := header[0], header[1], header[2]
	if rows == 0 || cols == 0 || rows > maxBytes || cols > maxBytes || rows*cols > maxBytes {
		return Data{}, fmt.Errorf("absurd image size %dx%d", rows, cols)
	}
	if count > maxBytes/(rows*cols) {
		return Data{}, fmt.Errorf("absurd count: %d images of %dx%d are over the limit of %d bytes", count, rows, cols, maxBytes)
	}
	pixels, err := grow(r, count*rows*cols)
	if err != nil {
		return Data{}, fmt.Errorf("reading %d images of %dx%d: %w", count, rows, cols, err)
	}
	return Data{Images: pixels, Rows: int(rows), Cols: int(cols), N: int(count)}, nil
}

// DecodeLabels reads one block of labels that is not gzipped and leaves r
// behind it. Errors come without a file name.
func DecodeLabels(r io.Reader) ([]byte, error) {
	header, err := decodeHeader(r, labelsMagic, "labels", 1)
	if err != nil {
		return nil, err
	}
	if header[0] > maxBytes {
		return nil, fmt.Errorf("absurd count: %d labels", header[0])
	}
	labels, err := grow(r, header[0])
	if err != nil {
		return nil, fmt.Errorf("reading %d labels: %w", header[0], err)
	}
	for i, label := range labels {
		if label > 9 {
			return nil, fmt.Errorf("label %d is %d, not a digit", i, label)
		}
	}
	return labels, nil
}

// decodeHeader reads the magic number and dims sizes, the first of which is
// the count of items, and has to be positive.
func decodeHeader(r io.Reader, magic uint32, what string, dims int) ([]uint64, error) {
	buf := make([]byte, 4*(1+dims))
	if n, err := io.ReadFull(r, buf); err != nil {
		return nil, fmt.Errorf("ended after %d of the %d bytes of a header of %s: %w", n, len(buf), what, short(err))
	}
	if got := binary.BigEndian.Uint32(buf); got != magic {
		return nil, fmt.Errorf("magic number %#08x, want %#08x: not a file of %s", got, magic, what)
	}
	sizes := make([]uint64, dims)
	for i := range sizes {
		sizes[i] = uint64(binary.BigEndian.Uint32(buf[4*(i+1):]))
	}
	if sizes[0] == 0 {
		return nil, fmt.Errorf("holds no %s", what)
	}
	return sizes, nil
}

// grow reads exactly n bytes into memory that grows with what arrives: n is only a claim
// of the file.
func grow(r io.Reader, n uint64) ([]byte, error) {
	buf := make([]byte, 0, min(n, 64<<10))
	for {
		got, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+got]
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return nil, fmt.Errorf("ended after %d of %d bytes: %w", len(buf), n, io.ErrUnexpectedEOF)
		case err != nil:
			return nil, fmt.Errorf("after %d of %d bytes: %w", len(buf), n, err)
		case uint64(len(buf)) == n:
			return buf, nil
		}
		buf = append(make([]byte, 0, min(n, 2*uint64(cap(buf)))), buf...)
	}
}

// short turns the end of a file where there should be more into the error that
// says so, and leaves others as they are.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

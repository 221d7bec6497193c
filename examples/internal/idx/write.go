package idx

import (
	"encoding/binary"
	"fmt"
	"io"
)

// EncodeImages writes the images of d, not gzipped. It panics if d holds no
// images or its fields do not fit each other.
func EncodeImages(w io.Writer, d Data) error {
	if d.N <= 0 || d.Rows <= 0 || d.Cols <= 0 || len(d.Images) != d.N*d.Rows*d.Cols {
		panic(fmt.Sprintf("idx: EncodeImages: %d bytes for %d images of %dx%d", len(d.Images), d.N, d.Rows, d.Cols))
	}
	return encode(w, d.Images, imagesMagic, d.N, d.Rows, d.Cols)
}

// EncodeLabels writes labels, not gzipped. It panics if there are none or one
// of them is not a digit.
func EncodeLabels(w io.Writer, labels []byte) error {
	if len(labels) == 0 {
		panic("idx: EncodeLabels: no labels")
	}
	for i, label := range labels {
		if label > 9 {
			panic(fmt.Sprintf("idx: EncodeLabels: label %d is %d, not a digit", i, label))
		}
	}
	return encode(w, labels, labelsMagic, len(labels))
}

func encode(w io.Writer, items []byte, header ...int) error {
	var buf []byte
	for _, n := range header {
		buf = binary.BigEndian.AppendUint32(buf, uint32(n))
	}
	if _, err := w.Write(buf); err != nil {
		return fmt.Errorf("idx: writing the header: %w", err)
	}
	if _, err := w.Write(items); err != nil {
		return fmt.Errorf("idx: writing %d bytes: %w", len(items), err)
	}
	return nil
}

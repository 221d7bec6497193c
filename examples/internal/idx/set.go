package idx

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/allocarrays/allocarrays-go/examples/internal/input"
)

// headerSize is the size in bytes of the longer of the two headers.
const headerSize = 16

// Set names one of the two sets that MNIST consists of.
type Set int

// The sets, by the beginning of their file names.
const (
	Train Set = iota // train-…: 60000 images in MNIST
	Test             // t10k-…: 10000 images in MNIST
)

// String returns the beginning of the file names of s.
func (s Set) String() string {
	switch s {
	case Train:
		return "train"
	case Test:
		return "t10k"
	}
	return fmt.Sprintf("Set(%d)", int(s))
}

// Data is a set of labelled images in memory. Load promises that N is at least
// one, the lengths fit each other and every label is a digit.
type Data struct {
	Images     []byte // N·Rows·Cols pixels, 0 background to 255 ink
	Labels     []byte // N digits, 0 to 9
	Rows, Cols int    // size of each image in pixels
	N          int    // number of images
}

// Image returns the Rows·Cols pixels of image i, without copying. It panics if
// i is not in [0, N).
func (d Data) Image(i int) []byte {
	if i < 0 || i >= d.N {
		panic(fmt.Sprintf("idx: Image: index %d of %d images", i, d.N))
	}
	size := d.Rows * d.Cols
	return d.Images[i*size : (i+1)*size : (i+1)*size]
}

// Load reads the images and labels of a set from the folder dir. The files are
// called, for the training set, train-images-idx3-ubyte and
// train-labels-idx1-ubyte, or with a dot in place of the second hyphen, each
// with or without .gz; whether a file is gzipped is decided by its content.
// Where several are present, the one without .gz wins.
//
// A file may unpack to 128 MiB, and a gzipped one to a hundred times its size. In all
// Load allocates less than 300 times as much as the files have bytes, and 1 MiB.
//
// Errors begin with "idx: ", name the file and the reason; a missing file
// matches fs.ErrNotExist.
func Load(dir string, set Set) (Data, error) {
	if set != Train && set != Test {
		panic(fmt.Sprintf("idx: Load: %v is neither Train nor Test", set))
	}
	images, imagesName, err := find(dir, set.String()+"-images", "idx3-ubyte")
	if err != nil {
		return Data{}, err
	}
	labels, labelsName, err := find(dir, set.String()+"-labels", "idx1-ubyte")
	if err != nil {
		return Data{}, err
	}
	d, err := ReadImages(bytes.NewReader(images), imagesName)
	if err != nil {
		return Data{}, err
	}
	if d.Labels, err = ReadLabels(bytes.NewReader(labels), labelsName); err != nil {
		return Data{}, err
	}
	if len(d.Labels) != d.N {
		return Data{}, fmt.Errorf("idx: %s: %d labels for the %d images of %s", labelsName, len(d.Labels), d.N, filepath.Base(imagesName))
	}
	return d, nil
}

// find reads the first of the files, by any of its names, that there is in dir.
func find(dir, stem, suffix string) (data []byte, path string, err error) {
	names := []string{stem + "-" + suffix, stem + "." + suffix, stem + "-" + suffix + ".gz", stem + "." + suffix + ".gz"}
	for _, name := range names {
		path := filepath.Join(dir, name)
		data, err := input.Read(path, maxBytes+headerSize)
		if err == nil {
			return data, path, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, "", fmt.Errorf("idx: %s: %w", path, err)
		}
	}
	return nil, "", fmt.Errorf("idx: %s: none of %s: %w", dir, strings.Join(names, ", "), fs.ErrNotExist)
}

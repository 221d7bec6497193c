package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/fileio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
	"github.com/allocarrays/allocarrays-go/examples/internal/picture"
)

func init() {
	register.Function4x0(readFile)
	register.Emitter1[Image]()
	register.Emitter1[Problem]()
}

// An Image is 28×28 pixels, as the model wants them.
type Image struct {
	Name   string // the file, and behind # the number in it if the file is a set
	Label  int    // -1 if it is not known
	Pixels []byte // row by row, 0 paper to 255 ink
}

// A Problem is a file that could not be read.
type Problem struct{ File, Reason string }

// maxFile limits the bytes of a file: what the readers below accept.
const maxFile = 128<<20 + 1<<10

// images reads the files that match glob. What they hold is spread over the workers anew: a
// set is one file, which one worker reads.
func images(s beam.Scope, glob string) (images, problems beam.PCollection) {
	s = s.Scope("Read")
	files := fileio.MatchFiles(s, glob, fileio.MatchEmptyDisallow())
	images, problems = beam.ParDo2(s, readFile, beam.Reshuffle(s, files))
	return beam.Reshuffle(s, images), problems
}

// readFile emits the images of a file, or why it has none.
func readFile(ctx context.Context, file fileio.FileMetadata, image func(Image), problem func(Problem)) {
	name := file.Path
	if err := read(ctx, name, image); err != nil {
		problem(Problem{name, err.Error()})
	}
}

func read(ctx context.Context, name string, emit func(Image)) error {
	data, err := content(ctx, name)
	if err != nil {
		return err
	}
	if isPicture(data) {
		img, err := picture.Decode(data, 64<<20)
		if err != nil {
			return err
		}
		pixels, err := picture.Normalize(ctx, img)
		if err != nil {
			return err
		}
		emit(Image{name, folderLabel(name), pixels[:]})
		return nil
	}
	set, err := idx.ReadImages(bytes.NewReader(data), name)
	if err != nil {
		return err
	}
	if set.Rows != picture.Size || set.Cols != picture.Size {
		return fmt.Errorf("%s: images of %d×%d pixels, want %d×%d", name, set.Rows, set.Cols, picture.Size, picture.Size)
	}
	labels, err := labelsOf(ctx, name)
	if err != nil {
		return err
	}
	if labels != nil && len(labels) != set.N {
		return fmt.Errorf("%s: %d images, but %d labels", name, set.N, len(labels))
	}
	for i := range set.N {
		img := Image{fmt.Sprintf("%s#%05d", name, i), -1, set.Image(i)}
		if labels != nil {
			img.Label = int(labels[i])
		}
		emit(img)
	}
	return nil
}

// content returns the bytes of a file on any file system that Beam knows.
func content(ctx context.Context, name string) ([]byte, error) {
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return nil, err
	}
	defer fs.Close()
	r, err := fs.OpenRead(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s: more than %d bytes", name, maxFile)
	}
	return data, err
}

// isPicture tells a picture from a set, which begins with two zeros or is gzipped.
func isPicture(data []byte) bool {
	return !bytes.HasPrefix(data, []byte{0, 0}) && !bytes.HasPrefix(data, []byte{0x1f, 0x8b})
}

// labelsOf returns the labels beside a set of images, nil if there are none.
func labelsOf(ctx context.Context, images string) ([]byte, error) {
	dir, base := path.Split(images)
	beside := strings.Replace(base, "images-idx3", "labels-idx1", 1)
	if beside == base {
		return nil, nil
	}
	fs, err := filesystem.New(ctx, images)
	if err != nil {
		return nil, err
	}
	defer fs.Close()
	found, err := fs.List(ctx, dir+beside)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	data, err := content(ctx, dir+beside)
	if err != nil {
		return nil, err
	}
	return idx.ReadLabels(bytes.NewReader(data), dir+beside)
}

// folderLabel returns the digit that the folder of a picture is called, -1 if it is none.
func folderLabel(name string) int {
	folder := path.Base(path.Dir(strings.ReplaceAll(name, `\`, "/")))
	if len(folder) == 1 && folder[0] >= '0' && folder[0] <= '9' {
		return int(folder[0] - '0')
	}
	return -1
}

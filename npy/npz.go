package npy

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// An Archive is an .npz file, which numpy.savez and numpy.savez_compressed write. Its arrays may be
// read in any order, and by several goroutines if the file can.
type Archive struct {
	files map[string]*zip.File
	names []string
	size  int64
}

// OpenArchive returns the archive in r, which has size bytes. It reads the directory only. An archive
// with two arrays of a name is an error.
func OpenArchive(r io.ReaderAt, size int64) (*Archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("npy: archive: %w", err)
	}
	a := &Archive{files: map[string]*zip.File{}, size: size}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		if a.files[name] != nil {
			return nil, fmt.Errorf("npy: archive has two arrays %q", name)
		}
		a.files[name] = f
		a.names = append(a.names, name)
	}
	return a, nil
}

// Names returns the names of the arrays, in their order in the file, as NumPy shows them: without
// ".npy".
func (a *Archive) Names() []string { return append([]string(nil), a.names...) }

// Header returns what an array of the archive is.
func (a *Archive) Header(name string) (h Header, err error) {
	err = a.open(name, func(r io.Reader, _ *zip.File) error {
		h, err = ReadHeader(r)
		return err
	})
	return h, err
}

// ReadArray reads an array of the archive, as [Read] does.
func ReadArray[T allocarray.Storage](ctx context.Context, a *Archive, name string) (array allocarray.AllocArray[T], err error) {
	err = a.open(name, func(r io.Reader, f *zip.File) error {
		h, err := ReadHeader(r)
		if err != nil {
			return err
		}
		if array, err = readData[T](ctx, r, h, a.plausible(f)); err != nil {
			return err
		}
		// The checksum is compared at the end, behind the last element.
		switch n, err := io.ReadFull(r, make([]byte, 1)); {
		case n > 0:
			return errors.New("npy: there is more behind the elements")
		case !errors.Is(err, io.EOF):
			return err
		}
		return nil
	})
	if err != nil {
		return allocarray.AllocArray[T]{}, err
	}
	return array, nil
}

// plausible returns how many bytes there are in f at most, or -1 if what it says is more than its
// part of the archive can become.
func (a *Archive) plausible(f *zip.File) int64 {
	const most = 1032 // times as long as the compressed bytes, by the format of DEFLATE
	there := min(f.CompressedSize64, uint64(a.size))
	if there > 1<<50 || f.UncompressedSize64 > there*most {
		return -1
	}
	return int64(f.UncompressedSize64)
}

func (a *Archive) open(name string, fn func(io.Reader, *zip.File) error) error {
	f := a.files[name]
	if f == nil {
		return fmt.Errorf("npy: archive has no array %q, but %q", name, a.names)
	}
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("npy: array %q: %w", name, err)
	}
	defer r.Close()
	if err := fn(r, f); err != nil {
		return fmt.Errorf("array %q: %w", name, err)
	}
	return nil
}

// An ArchiveWriter writes an .npz file.
type ArchiveWriter struct {
	zip    *zip.Writer
	method uint16
	names  map[string]bool
}

// NewArchiveWriter returns a writer of an archive to w: compressed, as numpy.savez_compressed would
// write it, or not, as numpy.savez.
func NewArchiveWriter(w io.Writer, compressed bool) *ArchiveWriter {
	method := zip.Store
	if compressed {
		method = zip.Deflate
	}
	return &ArchiveWriter{zip.NewWriter(w), method, map[string]bool{}}
}

// WriteArray adds an array, as [Write] writes it. Another of the same name, or one without a name, is
// an error.
func WriteArray[T allocarray.Storage](z *ArchiveWriter, name string, a allocarray.AllocArray[T]) error {
	return z.add(name, func(w io.Writer) error { return Write(w, a) })
}

// WriteBool adds a mask, as the function of that name writes it.
func (z *ArchiveWriter) WriteBool(name string, a allocarray.AllocArray[uint8]) error {
	return z.add(name, func(w io.Writer) error { return WriteBool(w, a) })
}

func (z *ArchiveWriter) add(name string, fn func(io.Writer) error) error {
	if name == "" || z.names[name] {
		return fmt.Errorf("npy: archive with two arrays %q, or one without a name", name)
	}
	z.names[name] = true
	w, err := z.zip.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: z.method})
	if err != nil {
		return err
	}
	return fn(w)
}

// Close writes the directory. It does not close the writer below.
func (z *ArchiveWriter) Close() error { return z.zip.Close() }

package safetensors

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// metadataKey is the name in the header that is not a tensor.
const metadataKey = "__metadata__"

// File is a safetensors file whose header has been read and checked. Its
// methods may be called by several goroutines at once.
type File struct {
	name   string
	header header
	data   io.ReaderAt
	start  int64 // of the data
	closer io.Closer
}

// Open reads the header of the file at path. The file stays open, because
// tensors are read on demand: the caller has to Close it after the last read.
// The error is an [*Error]; a missing file matches fs.ErrNotExist.
func Open(path string) (*File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, irregular(path) // opening a named pipe could wait for ever
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, pathError(path, err)
	}
	f, err := decodeOpen(file, path)
	if err != nil {
		file.Close() // nothing was written; the first error is the one to report
		return nil, err
	}
	return f, nil
}

func decodeOpen(file *os.File, path string) (*File, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, pathError(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, irregular(path)
	}
	f, err := Decode(file, info.Size(), path)
	if err != nil {
		return nil, err
	}
	f.closer = file
	return f, nil
}

func irregular(path string) error { return &Error{File: path, Reason: "not a regular file"} }

// Decode reads the header of a file of size bytes in r, for instance an
// embedded one through bytes.NewReader. name stands for the file in errors.
// r has to stay readable for as long as tensors are read from the File, and
// has to allow concurrent ReadAt if the File is shared. size is trusted: it is
// the limit that every number in the header is held against.
func Decode(r io.ReaderAt, size int64, name string) (*File, error) {
	text, err := readHeader(r, size, name)
	if err != nil {
		return nil, err
	}
	h, err := parseHeader(text, name)
	if err != nil {
		return nil, err
	}
	start := lengthSize + int64(len(text))
	if err := checkLayout(h.entries, size-start, name); err != nil {
		return nil, err
	}
	return &File{name: name, header: h, data: r, start: start}, nil
}

// Names returns the names of all tensors in increasing order, in a new slice.
func (f *File) Names() []string {
	names := make([]string, len(f.header.entries))
	for i, e := range f.header.entries {
		names[i] = e.name
	}
	return names
}

// Metadata returns the strings under "__metadata__" in a new map, which is
// empty when the file has none.
func (f *File) Metadata() map[string]string {
	m := make(map[string]string, len(f.header.metadata))
	for _, p := range f.header.metadata {
		m[p.key] = p.value
	}
	return m
}

// Tensor returns the tensor called name. Asking for one that is not there is
// an [*Error] that lists what the file has. The tensor is readable until the
// File is closed.
func (f *File) Tensor(name string) (Tensor, error) {
	i, ok := slices.BinarySearchFunc(f.header.entries, name, func(e entry, name string) int { return cmp.Compare(e.name, name) })
	if !ok {
		return Tensor{}, &Error{File: f.name, Tensor: name, Reason: "not in the file, which has " + f.summary()}
	}
	e := f.header.entries[i]
	return Tensor{
		Name: e.name, DType: e.dtype, Shape: slices.Clone(e.shape), file: f.name,
		data: io.NewSectionReader(f.data, f.start+e.begin, e.end-e.begin),
	}, nil
}

// summary lists the names, cut short where the line would get unreadable.
func (f *File) summary() string {
	const shown = 10
	all := f.header.entries
	if len(all) == 0 {
		return "no tensors"
	}
	var quoted []string
	for _, e := range all[:min(shown, len(all))] {
		quoted = append(quoted, Quote(e.name))
	}
	list := strings.Join(quoted, ", ")
	if more := len(all) - shown; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// Close closes the file that Open opened; after it, reading a tensor fails.
// On a File from Decode, and on a second call, it does nothing.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	if err := f.closer.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return pathError(f.name, err)
	}
	return nil
}

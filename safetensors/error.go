package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Error says what is wrong with a file, or with a tensor on its way into one.
//
// It prints as
//
//	safetensors: model.safetensors: tensor "fc1.weight": shape 2x1, want 3x1
type Error struct {
	File   string // the name given to Open or Decode; empty for a tensor in memory
	Tensor string // the tensor concerned; empty when it is the file as a whole
	Reason string // for people; may change between versions
	Err    error  // the cause, such as a read error; nil without one
}

// Error returns the line shown above.
func (e *Error) Error() string {
	parts := []string{"safetensors"}
	if e.File != "" {
		parts = append(parts, e.File)
	}
	if e.Tensor != "" {
		parts = append(parts, "tensor "+Quote(e.Tensor))
	}
	if e.Reason != "" {
		parts = append(parts, e.Reason)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Quote returns text from a file for an error message: quoted, and cut where it
// gets longer than people read.
func Quote(text string) string {
	const shown = 80
	if len(text) <= shown {
		return strconv.Quote(text)
	}
	return fmt.Sprintf("%q… (%d bytes)", strings.ToValidUTF8(text[:shown], ""), len(text))
}

// Unwrap returns the cause, so that errors.Is(err, fs.ErrNotExist) works.
func (e *Error) Unwrap() error { return e.Err }

// pathError is the error of the operating system without the operation and
// the path, which *Error prints itself.
func pathError(file string, err error) *Error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return &Error{File: file, Reason: p.Op, Err: p.Err}
	}
	return &Error{File: file, Err: err}
}

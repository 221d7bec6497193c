package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
)

// maxHeader is the longest header accepted, in bytes. A tensor takes about 110, so
// that there is room for 150,000 of them. (The reference implementation's limit is
// 100 MB, MAX_HEADER_SIZE in safetensors/src/tensor.rs.)
const maxHeader = 16 << 20

// lengthSize is the size of the header length at the start of a file, in bytes.
const lengthSize = 8

// readHeader returns the JSON text of the header. The length in the file is
// compared with both limits before anything of that size is allocated.
func readHeader(r io.ReaderAt, size int64, name string) ([]byte, error) {
	fail := func(format string, args ...any) error {
		return &Error{File: name, Reason: fmt.Sprintf(format, args...)}
	}
	if size < lengthSize {
		return nil, fail("truncated: %d bytes, shorter than the %d of the header length", size, lengthSize)
	}
	var length [lengthSize]byte
	if err := readFull(r, length[:], 0); err != nil {
		return nil, &Error{File: name, Reason: "reading the header length", Err: err}
	}
	if reason := foreign(length); reason != "" {
		return nil, fail("%s", reason)
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader {
		return nil, fail("header length %d is over the limit of %d bytes", n, maxHeader)
	}
	if int64(n) > size-lengthSize {
		return nil, fail("header length %d is more than the %d bytes that follow it", n, size-lengthSize)
	}
	text := make([]byte, n)
	if err := readFull(r, text, lengthSize); err != nil {
		return nil, &Error{File: name, Reason: "reading the header", Err: err}
	}
	return text, nil
}

// foreign returns what a file is, and what to do with it, if it is one of those that
// people take for safetensors: as the length of a header their first bytes are over
// the limit. Otherwise it returns "".
func foreign(start [lengthSize]byte) string {
	const convert = `not a safetensors file; in Python, load it with PyTorch and ` +
		`write it again with safetensors.torch.save_file(model.state_dict(), "model.safetensors")`
	switch {
	case string(start[:4]) == "PK\x03\x04": // torch.save, since PyTorch 1.6
		return "a zip archive, as PyTorch writes to .pt and .pth files, " + convert
	case string(start[:2]) == "\x80\x02" && start[2] == 0x8a: // a pickle that begins with a long number
		return "a pickle, as older versions of PyTorch write to .pt and .pth files, " + convert
	}
	return ""
}

// readFull fills p from off, or fails: with io.ErrUnexpectedEOF if the source
// is shorter than it was said to be.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) { // ReadAt may report io.EOF together with the last byte
		return nil
	}
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Encode writes tensors and metadata (nil for none) as one file. The same
// content gives the same bytes whatever the order of the arguments: tensors
// are laid out by element size, largest first, then by name, as the reference
// implementation does, and the header is padded with spaces until the data
// begins at a multiple of 8. So every tensor is aligned to its element size.
//
// Two tensors of one name, data that do not fit the shape, an unknown type and
// strings that are not UTF-8 are an [*Error], found before anything is written.
func Encode(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(b.DType.Size(), a.DType.Size()), cmp.Compare(a.Name, b.Name))
	})
	if err := checkTensors(sorted); err != nil {
		return err
	}
	text, err := headerText(sorted, metadata)
	if err != nil {
		return err
	}
	start := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	if _, err := w.Write(append(start, text...)); err != nil {
		return &Error{Reason: "writing the header", Err: err}
	}
	for _, t := range sorted {
		if err := t.copyTo(w); err != nil {
			return err
		}
	}
	return nil
}

// copyTo writes the stored bytes to w, in pieces.
func (t Tensor) copyTo(w io.Writer) error {
	// A reader of its own: t.data may be shared, and has a position.
	_, err := io.CopyN(w, io.NewSectionReader(t.data, 0, t.Size()), t.Size())
	if err == io.EOF { // the file that t stands in has shrunk
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return &Error{File: t.file, Tensor: t.Name, Reason: "copying the data", Err: err}
	}
	return nil
}

// checkTensors refuses whatever Decode would refuse.
func checkTensors(tensors []Tensor) error {
	seen := make(map[string]bool, len(tensors))
	for _, t := range tensors {
		size, fits := byteSize(t.DType, t.Shape)
		switch {
		case t.Name == "" || t.Name == metadataKey:
			return &Error{Reason: fmt.Sprintf("a tensor cannot be called %q", t.Name)}
		case !utf8.ValidString(t.Name):
			return t.fail("the name is not UTF-8")
		case seen[t.Name]:
			return t.fail("given twice")
		case t.DType.Size() == 0:
			return t.fail("unknown dtype %s", Quote(string(t.DType)))
		case !fits:
			return t.fail("shape %s of %s is negative or overflows", shapeString(t.Shape), t.DType)
		case t.data == nil || t.Size() != size:
			return t.fail("%d bytes of data do not match %s %s (%d bytes)", t.Size(), shapeString(t.Shape), t.DType, size)
		}
		seen[t.Name] = true
	}
	return nil
}

// headerText returns the JSON of the header, padded. It is put together by
// hand because the order of its keys is the order of the data.
func headerText(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	text := []byte{'{'}
	if len(metadata) > 0 {
		for key, value := range metadata {
			if !utf8.ValidString(key) || !utf8.ValidString(value) {
				return nil, &Error{Reason: fmt.Sprintf("%s: %s: %s is not UTF-8", metadataKey, Quote(key), Quote(value))}
			}
		}
		text = append(text, quote(metadataKey)+":"+quote(metadata)+","...)
	}
	offset := int64(0)
	for _, t := range tensors {
		shape := append([]int{}, t.Shape...) // [] for a scalar, not null
		text = fmt.Appendf(text, `%s:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]},`,
			quote(t.Name), t.DType, quote(shape), offset, offset+t.Size())
		offset += t.Size()
	}
	text = append(bytes.TrimSuffix(text, []byte{','}), '}')
	for (lengthSize+len(text))%8 != 0 {
		text = append(text, ' ')
	}
	if len(text) > maxHeader {
		return nil, &Error{Reason: fmt.Sprintf("the header takes %d bytes, over the limit of %d", len(text), maxHeader)}
	}
	return text, nil
}

// quote returns v as JSON on one line, keys of maps sorted. The values given
// to it (strings, maps of strings, integers) cannot fail to encode.
func quote(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // names are for people too: "a<b", not "a\u003cb"
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("safetensors: cannot encode %T: %v", v, err))
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

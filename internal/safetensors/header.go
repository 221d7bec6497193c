package safetensors

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// entry describes one tensor of a header, checked on its own: the type is
// known and the shape fits its offsets. Whether the offsets lie in the data
// and fit those of the other tensors is for checkLayout.
type entry struct {
	name       string
	dtype      DType
	shape      []int
	begin, end int64
}

// header is the content of the JSON part of a file, tensors in file order.
type header struct {
	entries  []entry
	metadata map[string]string
}

// syntax accepts any JSON value and keeps nothing of it.
type syntax struct{}

func (syntax) UnmarshalJSON([]byte) error { return nil }

// parseHeader reads the JSON text of a header. Its memory is proportional to
// the length of the text.
func parseHeader(text []byte, file string) (header, error) {
	p := parser{file: file}
	switch {
	case len(text) == 0:
		return header{}, p.fail("header is empty")
	case text[0] != '{':
		return header{}, p.fail("header begins with %q, not with '{'", text[0])
	case !utf8.Valid(text):
		return header{}, p.fail("header is not UTF-8")
	}
	// One pass over the whole syntax first (it also limits the nesting), so
	// that below a token can only be of the wrong kind, never malformed.
	if err := json.Unmarshal(text, &syntax{}); err != nil {
		return header{}, &Error{File: file, Reason: "header is not JSON", Err: err}
	}
	p.dec = json.NewDecoder(bytes.NewReader(text))
	p.dec.UseNumber()
	return p.header()
}

func (p *parser) header() (header, error) {
	var h header
	err := p.object("header", func(name string) (err error) {
		if name == metadataKey {
			h.metadata, err = p.metadata()
			return err
		}
		if name == "" {
			return p.fail("a tensor has an empty name")
		}
		p.tensor = name
		e, err := p.entry()
		p.tensor = ""
		h.entries = append(h.entries, e)
		return err
	})
	return h, err
}

func (p *parser) metadata() (map[string]string, error) {
	m := make(map[string]string)
	err := p.object(metadataKey, func(key string) error {
		token, err := p.next()
		if err != nil {
			return err
		}
		value, ok := token.(string)
		if !ok {
			return p.fail("%s: value of %q is not a string", metadataKey, key)
		}
		m[key] = value
		return nil
	})
	return m, err
}

// entry reads the description of p.tensor. Fields that were not seen are kept
// count of, because an absent shape must not pass for that of a scalar.
func (p *parser) entry() (entry, error) {
	e := entry{name: p.tensor}
	missing := map[string]bool{"dtype": true, "shape": true, "data_offsets": true}
	var offsets []int
	err := p.object("description", func(field string) (err error) {
		delete(missing, field)
		switch field {
		case "dtype":
			e.dtype, err = p.dtype()
		case "shape":
			e.shape, err = p.integers(field)
		case "data_offsets":
			offsets, err = p.integers(field)
		default:
			err = p.fail("unknown field %q", field)
		}
		return err
	})
	if err != nil {
		return e, err
	}
	for _, field := range []string{"dtype", "shape", "data_offsets"} {
		if missing[field] {
			return e, p.fail("no %s", field)
		}
	}
	if len(offsets) != 2 {
		return e, p.fail("data_offsets has %d values, want 2", len(offsets))
	}
	e.begin, e.end = int64(offsets[0]), int64(offsets[1])
	return e, p.check(e)
}

// check compares the shape of e with its offsets.
func (p *parser) check(e entry) error {
	size, ok := byteSize(e.dtype, e.shape)
	if !ok {
		return p.fail("shape %s of %s overflows", shapeString(e.shape), e.dtype)
	}
	if e.begin > e.end {
		return p.fail("data offsets [%d, %d) are reversed", e.begin, e.end)
	}
	if e.end-e.begin != size {
		return p.fail("data offsets [%d, %d) do not match %s %s (%d bytes)",
			e.begin, e.end, shapeString(e.shape), e.dtype, size)
	}
	return nil
}

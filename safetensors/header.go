package safetensors

import (
	"cmp"
	"encoding/json"
	"slices"
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

// header is the content of the JSON part of a file.
type header struct {
	entries  []entry // by name
	metadata []pair  // by key
}

// A pair is an entry of the metadata.
type pair struct{ key, value string }

// syntax accepts any JSON value and keeps nothing of it.
type syntax struct{}

func (syntax) UnmarshalJSON([]byte) error { return nil }

// parseHeader reads the JSON text of a header. It needs a few bytes of memory for
// each byte of the text: five for the shortest descriptions, seven for an array of
// one-digit numbers.
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
	// One pass over the whole syntax first, which also limits the nesting.
	if !json.Valid(text) {
		return header{}, &Error{File: file, Reason: "header is not JSON", Err: json.Unmarshal(text, &syntax{})}
	}
	p.text = string(text)
	return p.header()
}

// header takes the whole text.
func (p *parser) header() (header, error) {
	const shortest = len(`"a":{"dtype":"U8","shape":[],"data_offsets":[0,0]}`)
	h, described := header{entries: make([]entry, 0, min(keys(p.text), len(p.text)/shortest))}, false
	err := p.object("header", func(name string) (err error) {
		if name == metadataKey {
			if described {
				return p.fail("header has the key %q twice", metadataKey)
			}
			described = true
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
	if err != nil {
		return header{}, err
	}
	// Equal keys are an error: which one counts would be anyone's guess.
	slices.SortFunc(h.entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(h.entries); i++ {
		if name := h.entries[i].name; name == h.entries[i-1].name {
			return header{}, p.fail("header has the key %s twice", Quote(name))
		}
	}
	return h, nil
}

// keys returns the number of keys of the JSON object that text begins with, without
// those of the objects in it.
func keys(text string) (n int) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return n
			}
		case ':':
			if depth == 1 {
				n++
			}
		}
	}
	return n
}

// metadata takes an object of strings.
func (p *parser) metadata() (all []pair, err error) {
	if p.next() == '{' {
		const shortest = len(`"":"",`)
		all = make([]pair, 0, min(keys(p.text[p.at:]), 1+len(p.text)/shortest))
	}
	err = p.object(metadataKey, func(key string) error {
		if p.next() != '"' {
			return p.fail("%s: value of %s is not a string", metadataKey, Quote(key))
		}
		all = append(all, pair{key, p.string()})
		return nil
	})
	slices.SortFunc(all, func(a, b pair) int { return cmp.Compare(a.key, b.key) })
	for i := 1; err == nil && i < len(all); i++ {
		if all[i].key == all[i-1].key {
			err = p.fail("%s has the key %s twice", metadataKey, Quote(all[i].key))
		}
	}
	return all, err
}

// The fields of a description, in the order in which they are missed.
var fields = [...]string{"dtype", "shape", "data_offsets"}

// entry takes the description of p.tensor. It keeps count of the fields it saw,
// because an absent shape must not pass for that of a scalar.
func (p *parser) entry() (entry, error) {
	e := entry{name: p.tensor}
	var seen [len(fields)]bool
	var offsets []int
	err := p.object("description", func(field string) (err error) {
		i := slices.Index(fields[:], field)
		if i < 0 {
			return p.fail("unknown field %s", Quote(field))
		}
		if seen[i] {
			return p.fail("description has the key %q twice", field)
		}
		seen[i] = true
		switch field {
		case "dtype":
			e.dtype, err = p.dtype()
		case "shape":
			e.shape, err = p.integers(field)
		default:
			offsets, err = p.integers(field)
		}
		return err
	})
	if err != nil {
		return e, err
	}
	if i := slices.Index(seen[:], false); i >= 0 {
		return e, p.fail("no %s", fields[i])
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

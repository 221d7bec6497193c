package safetensors

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// parser walks a header that is known to be JSON, so that a value can be of the
// wrong kind, never malformed. It is written by hand because encoding/json takes
// the last of several equal keys, matches keys case-insensitively, reads null as
// zero, and needs many times the memory. Strings are parts of the text.
type parser struct {
	text   string
	at     int
	file   string
	tensor string // the tensor being read, for errors
}

func (p *parser) fail(format string, args ...any) error {
	return &Error{File: p.file, Tensor: p.tensor, Reason: fmt.Sprintf(format, args...)}
}

// next returns the first byte of the next token, without taking it.
func (p *parser) next() byte {
	for strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	return p.text[p.at]
}

// open takes the '{' or '[' that a value has to begin with.
func (p *parser) open(delim byte, what, kind string) error {
	if p.next() != delim {
		return p.fail("%s is not an %s", what, kind)
	}
	p.at++
	return nil
}

// more takes the comma before the next value of an object or array, or its end, and
// reports whether there is a value.
func (p *parser) more() bool {
	switch p.next() {
	case '}', ']':
		p.at++
		return false
	case ',':
		p.at++
		p.next()
	}
	return true
}

// object takes {…}, calling value when the parser stands before the value of a key.
func (p *parser) object(what string, value func(key string) error) error {
	if err := p.open('{', what, "object"); err != nil {
		return err
	}
	for p.more() {
		key := p.string()
		p.next() // the colon
		p.at++
		if err := value(key); err != nil {
			return err
		}
	}
	return nil
}

// string takes the string that begins here.
func (p *parser) string() string {
	start, escaped := p.at+1, false
	for p.at = start; p.text[p.at] != '"'; p.at++ {
		if p.text[p.at] == '\\' {
			escaped = true
			p.at++
		}
	}
	p.at++
	s := p.text[start : p.at-1]
	if escaped {
		return unescape(s)
	}
	return s
}

// unescape replaces the escapes in a string, as encoding/json does: half of a
// surrogate pair becomes U+FFFD.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		c := s[i+1]
		s = s[i+2:]
		if at := strings.IndexByte(`bfnrt`, c); at >= 0 {
			b.WriteByte("\b\f\n\r\t"[at])
			continue
		}
		if c != 'u' { // a quote, a slash or a backslash
			b.WriteByte(c)
			continue
		}
		r := hex(s)
		s = s[4:]
		if utf16.IsSurrogate(r) {
			pair := utf8.RuneError
			if strings.HasPrefix(s, `\u`) {
				pair = utf16.DecodeRune(r, hex(s[2:]))
			}
			if r = pair; r != utf8.RuneError {
				s = s[6:]
			}
		}
		b.WriteRune(r)
	}
}

// hex returns the value of the four hexadecimal digits that s begins with.
func hex(s string) (r rune) {
	for _, c := range []byte(s[:4]) {
		switch {
		case c <= '9':
			c -= '0'
		case c <= 'F':
			c -= 'A' - 10
		default:
			c -= 'a' - 10
		}
		r = r<<4 | rune(c)
	}
	return r
}

// dtype takes a string that names a known type.
func (p *parser) dtype() (DType, error) {
	if p.next() != '"' {
		return "", p.fail("dtype is not a string")
	}
	name := DType(p.string())
	if name.Size() == 0 {
		return "", p.fail("unknown dtype %s", Quote(string(name)))
	}
	return name, nil
}

// integers takes an array of numbers from 0 to the largest int. The result is
// never nil.
func (p *parser) integers(what string) ([]int, error) {
	if err := p.open('[', what, "array"); err != nil {
		return nil, err
	}
	// There is a ']'. If it is not that of this array, then that does not hold numbers only.
	inside := p.text[p.at:][:strings.IndexByte(p.text[p.at:], ']')]
	list := make([]int, 0, min(1+strings.Count(inside, ","), (len(inside)+1)/2))
	for p.more() {
		if c := p.text[p.at]; c != '-' && (c < '0' || c > '9') {
			return nil, p.fail("%s has a value that is not a number", what)
		}
		n, err := p.integer(what)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

// integer takes the number that begins here. The literal counts as written: 1.0, 1e3
// and -1 are refused, not rounded.
func (p *parser) integer(what string) (n int, err error) {
	start := p.at
	for strings.IndexByte(",] \t\r\n", p.text[p.at]) < 0 {
		p.at++
	}
	literal := p.text[start:p.at]
	for _, c := range []byte(literal) {
		d := int(c - '0')
		if c < '0' || c > '9' || n > (maxInt-d)/10 {
			if len(literal) > 80 {
				literal = literal[:80] + "…"
			}
			return 0, p.fail("%s has the value %s, which is not an integer from 0 to %d", what, literal, maxInt)
		}
		n = 10*n + d
	}
	return n, nil
}

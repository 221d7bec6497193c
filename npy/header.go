package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// A Header says what a .npy file contains.
type Header struct {
	Descr   string // the type of the elements, as in "<f8"
	Fortran bool   // the first axis is the one that lies together in memory
	Shape   []int
}

const (
	magic     = "\x93NUMPY"
	maxHeader = 1<<16 - 1 // of version 1.0; later ones need more for structures, which we refuse
)

// ReadHeader reads the beginning of a .npy file, up to the elements, for a program that must know
// the type before it calls [ReadData].
func ReadHeader(r io.Reader) (Header, error) {
	var start [8]byte
	if err := fill(r, start[:], "header"); err != nil {
		return Header{}, err
	}
	if string(start[:6]) != magic {
		return Header{}, fmt.Errorf("npy: begins with %q, not with %q", start[:6], magic)
	}
	var length [4]byte
	size := 2
	switch major := start[6]; major {
	case 1:
	case 2, 3:
		size = 4
	default:
		return Header{}, fmt.Errorf("npy: format version %d.%d, and 1.0 to 3.0 are known", major, start[7])
	}
	if err := fill(r, length[:size], "header"); err != nil {
		return Header{}, err
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > maxHeader {
		return Header{}, fmt.Errorf("npy: header of %d bytes, and at most %d are read", n, maxHeader)
	}
	text := make([]byte, n)
	if err := fill(r, text, "header"); err != nil {
		return Header{}, err
	}
	h, err := parseHeader(string(text))
	if err != nil {
		return Header{}, err
	}
	return h, h.check()
}

// fill reads all of b. A file that ends before is malformed.
func fill(r io.Reader, b []byte, what string) error {
	if _, err := io.ReadFull(r, b); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("npy: reading the %s: %w", what, err)
	}
	return nil
}

// check returns an error if no array has such a shape.
func (h Header) check() error {
	if len(h.Shape) > allocarray.MaxRank {
		return fmt.Errorf("npy: shape %v has %d axes, and an array has at most %d", h.Shape, len(h.Shape), allocarray.MaxRank)
	}
	n := 1
	for _, d := range h.Shape {
		if d < 0 {
			return fmt.Errorf("npy: shape %v has a negative length", h.Shape)
		}
		if d > 0 && n > math.MaxInt/16/d { // no element is longer
			return fmt.Errorf("npy: shape %v has too many elements", h.Shape)
		}
		n *= max(d, 1) // also where another length is 0
	}
	return nil
}

// size returns the number of elements.
func (h Header) size() int {
	n := 1
	for _, d := range h.Shape {
		n *= d
	}
	return n
}

// text returns the header as it stands in a file, which begins the elements at a multiple of 64.
func (h Header) text() []byte {
	var shape strings.Builder
	for _, d := range h.Shape {
		fmt.Fprintf(&shape, "%d, ", d)
	}
	tuple := strings.TrimSuffix(shape.String(), " ")
	if len(h.Shape) > 1 {
		tuple = strings.TrimSuffix(tuple, ",")
	}
	fortran := "False"
	if h.Fortran {
		fortran = "True"
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }", h.Descr, fortran, tuple)
	const before = len(magic) + 4
	padding := 63 - (before+len(dict))%64
	out := append([]byte(magic), 1, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(dict)+padding+1))
	out = append(out, dict...)
	out = append(out, strings.Repeat(" ", padding)...)
	return append(out, '\n')
}

// A parser reads the header's text, the literal of a Python dictionary with the keys 'descr',
// 'fortran_order' and 'shape'.
type parser struct {
	text string
	at   int
}

func parseHeader(text string) (h Header, err error) {
	p := &parser{text: text}
	seen := map[string]bool{}
	if err := p.expect('{'); err != nil {
		return h, err
	}
	for !p.accept('}') {
		key, err := p.string()
		if err != nil {
			return h, err
		}
		if seen[key] {
			return h, p.wrong("another " + key)
		}
		seen[key] = true
		if err := p.expect(':'); err != nil {
			return h, err
		}
		switch key {
		case "descr":
			if p.accept('[') {
				return h, errors.New("npy: elements are structures, which are not read")
			}
			h.Descr, err = p.string()
		case "fortran_order":
			h.Fortran, err = p.bool()
		case "shape":
			h.Shape, err = p.tuple()
		default:
			err = p.wrong("key " + strconv.Quote(key))
		}
		if err != nil {
			return h, err
		}
		if !p.accept(',') {
			if err := p.expect('}'); err != nil {
				return h, err
			}
			break
		}
	}
	p.space()
	if p.at < len(p.text) {
		return h, p.wrong("more behind the dictionary")
	}
	if len(seen) < 3 {
		return h, fmt.Errorf("npy: header %q lacks 'descr', 'fortran_order' or 'shape'", text)
	}
	return h, nil
}

// wrong returns an error about what is at the current place.
func (p *parser) wrong(what string) error {
	return fmt.Errorf("npy: header %q: %s at byte %d", p.text, what, p.at)
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// accept skips c, if it comes next.
func (p *parser) accept(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(c byte) error {
	if !p.accept(c) {
		return p.wrong("no " + strconv.QuoteRune(rune(c)))
	}
	return nil
}

// string reads a string without escapes.
func (p *parser) string() (string, error) {
	quote := byte('\'')
	if !p.accept(quote) {
		quote = '"'
		if !p.accept(quote) {
			return "", p.wrong("no string")
		}
	}
	n := strings.IndexByte(p.text[p.at:], quote)
	if n < 0 {
		return "", p.wrong("a string without end")
	}
	s := p.text[p.at : p.at+n]
	if strings.ContainsAny(s, "\\\n") {
		return "", p.wrong("a string with escapes")
	}
	p.at += n + 1
	return s, nil
}

func (p *parser) bool() (bool, error) {
	p.space()
	for word, value := range map[string]bool{"True": true, "False": false} {
		if strings.HasPrefix(p.text[p.at:], word) {
			p.at += len(word)
			return value, nil
		}
	}
	return false, p.wrong("neither True nor False")
}

// tuple reads (), (3,) or (3, 4). Python 2 wrote 3L.
func (p *parser) tuple() ([]int, error) {
	if err := p.expect('('); err != nil {
		return nil, err
	}
	shape := []int{}
	for !p.accept(')') {
		p.space()
		n := 0
		for p.at+n < len(p.text) && '0' <= p.text[p.at+n] && p.text[p.at+n] <= '9' {
			n++
		}
		d, err := strconv.Atoi(p.text[p.at : p.at+n])
		if err != nil {
			return nil, p.wrong("no length of an axis, or one that is too large")
		}
		p.at += n
		p.accept('L')
		shape = append(shape, d)
		if !p.accept(',') {
			if len(shape) == 1 {
				return nil, p.wrong("a number in parentheses, not a tuple")
			}
			if err := p.expect(')'); err != nil {
				return nil, err
			}
			break
		}
	}
	return shape, nil
}

package input

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What Line leaves of a text that is longer than both together, in bytes.
const (
	head = 700
	tail = 300
)

// Line returns the text of an error as one line for a terminal. Errors quote what is in
// files and their names: Line escapes control characters and invalid UTF-8, and leaves
// out the middle of what is longer than 1000 bytes.
func Line(err error) string {
	text := err.Error()
	if len(text) <= head+tail {
		return escaped(text)
	}
	from, to := boundary(text, head), boundary(text, len(text)-tail)
	return fmt.Sprintf("%s … %d bytes … %s", escaped(text[:from]), to-from, escaped(text[to:]))
}

// boundary returns the last place up to i at which a character of text begins.
func boundary(text string, i int) int {
	for back := range utf8.UTFMax {
		if utf8.RuneStart(text[i-back]) {
			return i - back
		}
	}
	return i // not UTF-8
}

// escaped returns text with what cannot be printed as in a Go string.
func escaped(text string) string {
	var out strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			out.WriteString(text[:size])
		} else {
			quoted := strconv.Quote(text[:size])
			out.WriteString(quoted[1 : len(quoted)-1])
		}
		text = text[size:]
	}
	return out.String()
}

package input

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is the length in bytes at which Line cuts.
const maxLine = 1000

// Line returns the text of an error as one line for a terminal. Errors quote what is in
// files and their names: Line escapes control characters and invalid UTF-8, and cuts
// what is longer than 1000 bytes.
func Line(err error) string {
	text, rest := err.Error(), 0
	if len(text) > maxLine {
		end := maxLine
		for end > maxLine-utf8.UTFMax && !utf8.RuneStart(text[end]) {
			end--
		}
		text, rest = text[:end], len(text)-end
	}
	var line strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if unicode.IsPrint(r) && !(r == utf8.RuneError && size == 1) {
			line.WriteString(text[:size])
		} else {
			quoted := strconv.Quote(text[:size])
			line.WriteString(quoted[1 : len(quoted)-1])
		}
		text = text[size:]
	}
	if rest > 0 {
		line.WriteString("… and " + strconv.Itoa(rest) + " bytes more")
	}
	return line.String()
}

package matrix

import (
	"regexp"
	"strings"

	"github.com/allocarrays/allocarrays-go/verify/misuse/corpus"
)

// What differs from run to run, and the words that stand for it. A place or a stack
// that does not lead into the corpus stays as it is, and is out of place on the page.
var (
	place   = regexp.MustCompile(`\S*/misuse/corpus/\w+\.go:\d+ \(\S+\)`)
	bare    = regexp.MustCompile(`\S*/misuse/corpus/\w+\.go:\d+`)
	frames  = regexp.MustCompile(`(?:\s*\n\s*\S+:\d+ \(\S+\))+\s*`)
	address = regexp.MustCompile(`0x[0-9a-f]+`)
	byteN   = regexp.MustCompile(`byte -?\d+`)
)

// normalise returns a program's message on one line, with placeholders, up to the end
// of what the program wants to be told.
func normalise(message string, p corpus.Program) string {
	if before, _, ok := strings.Cut(message, p.Cut); ok && p.Cut != "" {
		message = before + p.Cut
	}
	if p.Timing {
		message = byteN.ReplaceAllString(message, "byte N")
	}
	message, _, _ = strings.Cut(message, "; copy what must outlive") // the same for all that is stale
	message = frames.ReplaceAllStringFunc(message, func(stack string) string {
		if place.MatchString(stack) {
			return " STACK "
		}
		return stack
	})
	message = place.ReplaceAllString(message, "PLACE")
	message = bare.ReplaceAllString(message, "FILE:LINE")
	message = address.ReplaceAllString(message, "ADDRESS")
	return strings.TrimSuffix(strings.Join(strings.Fields(message), " "), ":")
}

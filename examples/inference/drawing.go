package main

import (
	"fmt"
	"strings"

	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
)

// The drawings at the beginning of the output: how many stand side by side, and how
// many characters of the empty margin are left out on either side.
const (
	abreast = 3
	margin  = 2
)

// drawings returns the first images of different digits as text, side by side, over
// what they were taken for.
func drawings(set samples, predictions []mlp.Prediction) string {
	const width = digits.Size - 2*margin
	rows, seen := make([]string, digits.Size/2+1), map[byte]bool{}
	for i, p := range predictions {
		if label := set.labels[i]; !seen[label] && len(seen) < abreast {
			seen[label] = true
			for y, line := range strings.Split(digits.ASCII(set.image(i)), "\n")[:digits.Size/2] {
				rows[y] += line[margin:margin+width] + "  "
			}
			rows[digits.Size/2] += fmt.Sprintf("%-*s  ", width, fmt.Sprintf("       %d, %.1f %%", p.Digit, 100*p.Probability))
		}
	}
	return joined(rows)
}

// joined joins lines without spaces at their ends and without empty ones at the
// beginning.
func joined(rows []string) string {
	var text strings.Builder
	for _, row := range rows {
		if row = strings.TrimRight(row, " "); row != "" || text.Len() > 0 {
			text.WriteString(row + "\n")
		}
	}
	return text.String() + "\n"
}

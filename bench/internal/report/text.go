// Package report turns results into text for a terminal and into docs/performance.md
// with its charts.
package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// Text writes a case for a terminal.
func Text(w io.Writer, c record.Case) {
	fmt.Fprintf(w, "\n== %s\n", c.Title)
	for _, t := range c.Tables {
		if !t.Folded {
			textTable(w, t)
		}
	}
	for _, n := range c.Notes {
		fmt.Fprintln(w, "note:", n)
	}
	for _, b := range c.Bars {
		fmt.Fprintf(w, "%-12s %s: want %s, measured %s\n", b.Verdict(), b.Name, b.Want, measured(b))
	}
}

// measured is the median with quartiles, or why there is none.
func measured(b record.Bar) string {
	if b.Measured == nil {
		return b.Missing
	}
	s := *b.Measured
	if s.Low == s.High {
		return number(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", number(s.Median), number(s.Low), number(s.High))
}

func number(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < 10 && x > -10:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.1f", x)
}

// textTable writes a table with aligned columns.
func textTable(w io.Writer, t record.Table) {
	if t.Title != "" {
		fmt.Fprintf(w, "\n%s\n", t.Title)
	}
	lines := append([][]string{t.Head}, t.Rows...)
	wide := make([]int, len(t.Head))
	for _, l := range lines {
		for i, c := range l {
			wide[i] = max(wide[i], utf8.RuneCountInString(c))
		}
	}
	for _, l := range lines {
		var b strings.Builder
		for i, c := range l {
			pad := strings.Repeat(" ", wide[i]-utf8.RuneCountInString(c))
			if i == 0 {
				b.WriteString(c + pad)
			} else {
				b.WriteString("  " + pad + c)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// Package svg draws the charts of the report: bars with their spread, and curves.
package svg

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// The drawing area, in pixels.
const (
	width  = 880
	left   = 74
	right  = 24
	bottom = 62
	plot   = 300 // height of the plot itself
)

// colours are those of Okabe and Ito, which colour-blind readers can tell apart, and
// some between them; the first is ours.
var colours = []string{"#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8C6D1F", "#666666", "#B8A800", "#7A4FBF", "#000000", "#A3D9C9"}

// colour returns that of series i.
func colour(i int) string { return colours[i%len(colours)] }

// canvas collects elements.
type canvas struct{ strings.Builder }

func (c *canvas) addf(format string, args ...any) { fmt.Fprintf(c, format+"\n", args...) }

func (c *canvas) line(x1, y1, x2, y2 float64, style string) {
	c.addf(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" %s/>`, x1, y1, x2, y2, style)
}

func (c *canvas) rect(x, y, w, h float64, fill string) {
	c.addf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`, x, y, w, h, fill)
}

// text writes at a point; anchor is start, middle or end.
func (c *canvas) text(x, y float64, anchor, style, text string) {
	c.addf(`<text x="%.1f" y="%.1f" text-anchor="%s" %s>%s</text>`, x, y, anchor, style, escape(text))
}

// escape makes text fit for XML.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder does not fail
	return b.String()
}

const (
	small  = `font-size="11" fill="#444"`
	tiny   = `font-size="9.5" fill="#444"`
	strong = `font-size="15" font-weight="bold" fill="#111"`
	grid   = `stroke="#e4e4e4" stroke-width="1"`
	axis   = `stroke="#555" stroke-width="1"`
	dashed = `stroke="#333" stroke-width="1.2" stroke-dasharray="5 4"`
	wire   = `stroke="#222" stroke-width="1"`
)

// document wraps the elements.
func document(title string, height float64, body string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f" viewBox="0 0 %d %.0f" font-family="DejaVu Sans, Verdana, Arial, sans-serif" role="img">
<title>%s</title>
<rect width="100%%" height="100%%" fill="#ffffff"/>
%s</svg>
`, width, height, width, height, escape(title), body)
}

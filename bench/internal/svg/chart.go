package svg

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// Draw returns the chart as an SVG document.
func Draw(chart record.Chart) string {
	d := &drawing{chart: chart}
	d.header()
	d.y = newScale(chart.Y, d.values(), d.top+plot, d.top)
	d.frame()
	if chart.Lines {
		d.curves()
	} else {
		d.bars()
	}
	d.mark()
	d.text(16, d.top+plot/2, "middle", fmt.Sprintf(`%s transform="rotate(-90 16 %.0f)"`, small, d.top+plot/2), chart.Y.Caption)
	return document(chart.Title, d.top+plot+bottom, d.String())
}

// drawing is a chart in the making.
type drawing struct {
	canvas
	chart record.Chart
	top   float64 // of the plot
	y     scale
}

// values returns everything that must be visible.
func (d *drawing) values() (v []float64) {
	for _, s := range d.chart.Series {
		for _, p := range s.Points {
			if !p.Missing {
				v = append(v, p.Y.Median, p.Y.Low, p.Y.High)
			}
		}
	}
	if d.chart.From > 0 {
		v = append(v, d.chart.From)
	}
	if d.chart.Mark != nil {
		v = append(v, d.chart.Mark.Y)
	}
	return v
}

// header writes the title and the legend, in as many lines as it needs.
func (d *drawing) header() {
	d.text(left, 26, "start", strong, d.chart.Title)
	x, y := float64(left), 48.0
	entry := func(text, style string, draw func(x, y float64)) {
		w := 30 + 6.7*float64(len([]rune(text)))
		if x+w > width-right {
			x, y = left, y+18
		}
		draw(x, y)
		d.text(x+20, y, "start", style, text)
		x += w
	}
	for i, s := range d.chart.Series {
		entry(s.Name, small, func(x, y float64) { d.key(i, x, y) })
	}
	for _, name := range d.chart.Absent {
		entry(name+" (absent)", `font-size="11" fill="#999"`, func(x, y float64) { d.rect(x, y-9, 13, 10, "#eeeeee") })
	}
	d.top = y + 22
}

// key draws the legend's sign for series i.
func (d *drawing) key(i int, x, y float64) {
	if d.chart.Lines {
		d.line(x, y-4, x+16, y-4, stroke(i))
		d.marker(i, x+8, y-4)
		return
	}
	d.rect(x, y-9, 13, 10, colour(i))
}

// frame draws the y axis with its grid.
func (d *drawing) frame() {
	for _, t := range d.y.ticks() {
		y := d.y.at(t)
		d.line(left, y, width-right, y, grid)
		d.text(left-7, y+4, "end", small, d.y.label(t))
	}
	d.line(left, d.top, left, d.top+plot, axis)
	d.line(left, d.top+plot, width-right, d.top+plot, axis)
}

func (d *drawing) mark() {
	if m := d.chart.Mark; m != nil {
		y := d.y.at(m.Y)
		d.line(left, y, width-right, y, dashed)
		d.text(width-right-4, y-5, "end", small, m.Label)
	}
}

// whisker draws the spread of a point.
func (d *drawing) whisker(x float64, p record.Point, half float64) {
	low, high := d.y.at(p.Y.Low), d.y.at(p.Y.High)
	if math.Abs(low-high) < 1 {
		return
	}
	d.line(x, low, x, high, wire)
	d.line(x-half, low, x+half, low, wire)
	d.line(x-half, high, x+half, high, wire)
}

// stroke is the style of curve i.
func stroke(i int) string {
	style := fmt.Sprintf(`stroke="%s" stroke-width="2"`, colour(i))
	if dashes := []string{"", "7 3", "2 3"}[i/4%3]; dashes != "" {
		style += fmt.Sprintf(` stroke-dasharray="%s"`, dashes)
	}
	return style
}

func (d *drawing) marker(i int, x, y float64) {
	switch i % 3 {
	case 0:
		d.addf(`<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`, x, y, colour(i))
	case 1:
		d.rect(x-3, y-3, 6, 6, colour(i))
	default:
		d.addf(`<path d="M%.1f %.1fl4 7h-8z" fill="%s"/>`, x, y-4, colour(i))
	}
}

// curves draws the points over X.
func (d *drawing) curves() {
	var xs []float64
	for _, s := range d.chart.Series {
		for _, p := range s.Points {
			xs = append(xs, p.X)
		}
	}
	x := newScale(d.chart.X, xs, left+14, width-right-14)
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range xs {
		lo, hi = min(lo, v), max(hi, v)
	}
	x = x.tight(lo, hi)
	d.xTicks(x, xs)
	for i, s := range d.chart.Series {
		d.curve(i, s, x)
	}
}

// xTicks marks the points that were measured, where there is room.
func (d *drawing) xTicks(x scale, points []float64) {
	last := math.Inf(-1)
	for _, p := range slices.Compact(slices.Sorted(slices.Values(points))) {
		at := x.at(p)
		d.line(at, d.top+plot, at, d.top+plot+5, axis)
		if at-last >= 44 {
			d.text(at, d.top+plot+19, "middle", small, x.label(p))
			last = at
		}
	}
	d.text((left+width-right)/2, d.top+plot+42, "middle", small, d.chart.X.Caption)
}

func (d *drawing) curve(i int, s record.Series, x scale) {
	var path strings.Builder
	for k, p := range s.Points {
		command := 'L'
		if k == 0 {
			command = 'M'
		}
		fmt.Fprintf(&path, "%c%.1f %.1f", command, x.at(p.X), d.y.at(p.Y.Median))
	}
	d.addf(`<path d="%s" fill="none" %s/>`, path.String(), stroke(i))
	for _, p := range s.Points {
		d.whisker(x.at(p.X), p, 3)
		d.marker(i, x.at(p.X), d.y.at(p.Y.Median))
	}
}

// bars draws a cluster for each label.
func (d *drawing) bars() {
	slot := float64(width-left-right) / float64(max(1, len(d.chart.Labels)))
	bar := min(slot*0.86/float64(max(1, len(d.chart.Series))), 64)
	for c, label := range d.chart.Labels {
		middle := left + slot*(float64(c)+0.5)
		start := middle - bar*float64(len(d.chart.Series))/2
		for i, s := range d.chart.Series {
			d.bar(i, s.Points[c], start+bar*float64(i), bar)
		}
		d.text(middle, d.top+plot+20, "middle", `font-size="12" fill="#222"`, label)
	}
	if d.chart.From > 0 {
		d.line(left, d.y.at(d.chart.From), width-right, d.y.at(d.chart.From), axis)
	}
}

func (d *drawing) bar(i int, p record.Point, x, w float64) {
	if p.Missing {
		d.text(x+w/2, d.top+plot-4, "middle", tiny, "–")
		return
	}
	from, to := d.top+plot, d.y.at(p.Y.Median)
	if d.chart.From > 0 {
		from = d.y.at(d.chart.From)
	}
	d.rect(x+1, min(from, to), w-2, max(math.Abs(from-to), 1.5), colour(i))
	d.whisker(x+w/2, p, min(4, w/4))
	y := min(from, to, d.y.at(p.Y.High)) - 4
	d.text(x+w/2, y, "middle", tiny, value(p.Y.Median, w < 24))
}

// value is the text above a bar, which may be narrow.
func value(v float64, narrow bool) string {
	switch a := math.Abs(v); {
	case a >= 100, narrow && a >= 10:
		return fmt.Sprintf("%.0f", v)
	case narrow:
		return fmt.Sprintf("%.1f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

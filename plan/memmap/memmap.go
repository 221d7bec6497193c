// Package memmap draws plans: time goes across, addresses go up, each block is a
// rectangle, and a line marks the lower bound.
package memmap

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/allocarrays/allocarrays-go/plan"
)

// Options say what a map tells beside the blocks. The zero value will do.
type Options struct {
	Title  string
	Labels []string // one for each block; without, blocks are numbered
}

// The drawing, in user units of SVG.
const (
	width, height = 960.0, 540.0
	left, right   = 84.0, 24.0
	top, bottom   = 64.0, 48.0
	hues          = 8
)

// Write writes a map of a plan as an SVG image, which follows the light or dark scheme of
// the page that it is on. A block is labelled where the label fits, and tells its label,
// size, life and offset when it is pointed at. Write returns an error if the plan is not
// one of the problem, or if w fails.
func Write(w io.Writer, p plan.Problem, pl plan.Plan, o Options) error {
	if err := plan.Check(p, pl.Offsets); err != nil {
		return err
	}
	if o.Labels != nil && len(o.Labels) != len(p.Blocks) {
		return fmt.Errorf("memmap: %d labels for %d blocks", len(o.Labels), len(p.Blocks))
	}
	if len(p.Blocks) > 100_000 {
		return errors.New("memmap: more than 100,000 blocks: no viewer would show them")
	}
	m := newDrawing(w, p, pl, o)
	m.head()
	m.axes()
	for _, i := range m.order() {
		m.block(i)
	}
	m.line(pl.Bound, "bound", "lower bound "+Bytes(pl.Bound))
	m.printf("</svg>\n")
	return m.w.Flush()
}

type drawing struct {
	w        *bufio.Writer
	p        plan.Problem
	pl       plan.Plan
	o        Options
	from, to int64
	peak     float64
}

func newDrawing(w io.Writer, p plan.Problem, pl plan.Plan, o Options) *drawing {
	m := &drawing{w: bufio.NewWriter(w), p: p, pl: pl, o: o, from: math.MaxInt64, to: math.MinInt64}
	for _, b := range p.Blocks {
		if b.Size > 0 && b.From < b.To {
			m.from, m.to = min(m.from, b.From), max(m.to, b.To)
		}
	}
	if m.from >= m.to {
		m.from, m.to = 0, 1
	}
	m.peak = float64(max(pl.Peak, 1))
	return m
}

func (m *drawing) printf(format string, args ...any) { fmt.Fprintf(m.w, format, args...) }

func (m *drawing) x(at int64) float64 {
	return left + (width-left-right)*(float64(at)-float64(m.from))/(float64(m.to)-float64(m.from))
}

func (m *drawing) y(at int64) float64 {
	return height - bottom - (height-top-bottom)*float64(at)/m.peak
}

func (m *drawing) head() {
	title := m.o.Title
	if title == "" {
		title = "Memory map"
	}
	m.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img" font-family="system-ui, sans-serif">
<title>%s</title>
<desc>%d blocks over time; addresses go up. Peak %s, lower bound %s.</desc>
`, width, height, escape(title), len(m.p.Blocks), Bytes(m.pl.Peak), Bytes(m.pl.Bound))
	m.printf(`<style>
.paper{fill:#fff}.text{fill:#1c1e21;font-size:13px}.title{fill:#1c1e21;font-size:17px;font-weight:600}
.faint{fill:#5b6169;font-size:12px}.grid{stroke:#d9dde2;stroke-width:1}
.bound{stroke:#b3261e;stroke-width:1.5;stroke-dasharray:6 4}.boundtext{fill:#b3261e;font-size:12px}
.b{stroke:#fff;stroke-width:.75}.label{fill:#14171a;font-size:11px;pointer-events:none}
`)
	for k := range hues {
		m.printf(".h%d{fill:hsl(%d 58%% 74%%)}", k, 205+k*360/hues)
	}
	m.printf("\n@media (prefers-color-scheme:dark){\n" + `.paper{fill:#15181c}.text,.title{fill:#e8eaed}.faint{fill:#a3abb5}.grid{stroke:#30363d}
.bound{stroke:#ff8a80}.boundtext{fill:#ff8a80}.b{stroke:#15181c}.label{fill:#f4f6f8}
`)
	for k := range hues {
		m.printf(".h%d{fill:hsl(%d 38%% 36%%)}", k, 205+k*360/hues)
	}
	m.printf("\n}\n</style>\n"+`<rect class="paper" width="%g" height="%g"/>`+"\n", width, height)
	m.printf(`<text class="title" x="%g" y="28">%s</text>`+"\n", left, escape(title))
	state := fmt.Sprintf("%d blocks, peak %s", len(m.p.Blocks), Bytes(m.pl.Peak))
	switch over := float64(m.pl.Peak-m.pl.Bound) / math.Max(float64(m.pl.Bound), 1); {
	case m.pl.Proved():
		state += ", which no plan can beat"
	default:
		state += fmt.Sprintf(", %.1f %% above the lower bound", 100*over)
	}
	m.printf(`<text class="faint" x="%g" y="48">%s</text>`+"\n", left, state)
}

// axes draws marks of addresses, at round numbers of bytes, and of time.
func (m *drawing) axes() {
	step := int64(1)
	for float64(step)*6 < m.peak {
		step *= 2
	}
	for at := int64(0); float64(at) <= m.peak; at += step {
		y := m.y(at)
		m.printf(`<path class="grid" d="M%.1f %.1fH%.1f"/><text class="faint" x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, y, width-right, left-8, y+4, Bytes(at))
	}
	m.printf(`<text class="faint" x="%.1f" y="%.1f">%d</text>`+"\n", left, height-bottom+18, m.from)
	m.printf(`<text class="faint" x="%.1f" y="%.1f" text-anchor="end">%d</text>`+"\n", width-right, height-bottom+18, m.to)
	m.printf(`<text class="text" x="%.1f" y="%.1f" text-anchor="middle">time</text>`+"\n", (left+width-right)/2, height-14)
}

// order is that of drawing: large blocks first, so that a block computed in place of a
// larger one is seen.
func (m *drawing) order() []int {
	order := make([]int, len(m.p.Blocks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(m.p.Blocks[b].Size, m.p.Blocks[a].Size) })
	return order
}

func (m *drawing) block(i int) {
	b, at := m.p.Blocks[i], m.pl.Offsets[i]
	if b.Size == 0 || b.From == b.To {
		return
	}
	label := strconv.Itoa(i)
	if m.o.Labels != nil {
		label = m.o.Labels[i]
	}
	x, y, w, h := m.x(b.From), m.y(at+b.Size), m.x(b.To)-m.x(b.From), m.y(at)-m.y(at+b.Size)
	class := "b" // with an edge, where that leaves something to see
	if min(w, h) < 3 {
		class = "t"
	}
	m.printf(`<rect class="%s h%d" x="%.2f" y="%.2f" width="%.2f" height="%.2f"><title>%s: %s, [%d, %d), at %d</title></rect>`,
		class, i%hues, x, y, w, h, escape(label), Bytes(b.Size), b.From, b.To, at)
	if wide := 6.6*float64(len([]rune(label))) + 6; h >= 13 && w >= wide {
		m.printf(`<text class="label" x="%.2f" y="%.2f" text-anchor="middle">%s</text>`, x+w/2, y+h/2+4, escape(label))
	}
	m.printf("\n")
}

func (m *drawing) line(at int64, class, text string) {
	y := m.y(at)
	m.printf(`<path class="%s" d="M%.1f %.1fH%.1f"/><text class="%stext" x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n",
		class, left, y, width-right, class, width-right, math.Max(y-5, top-4), text)
}

// Bytes writes a size as people read it: 1536 is "1.5 KiB".
func Bytes(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10) + " B"
	}
	size, unit := float64(n), -1
	for size >= 1024 && unit < 3 {
		size, unit = size/1024, unit+1
	}
	return strconv.FormatFloat(math.Round(size*1000)/1000, 'f', -1, 64) + " " + string("KMGT"[unit]) + "iB"
}

// escape makes text of XML of any string: what XML cannot have becomes U+FFFD.
func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) //nolint:errcheck // a builder does not fail
	return b.String()
}

package chart

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ink is the grey of all text: its contrast to white and to black is about the same.
var (
	ink   = color.NRGBA{0x77, 0x77, 0x77, 0xff}
	faint = color.NRGBA{0x77, 0x77, 0x77, 0x50}
)

// palette has colours that colour-blind readers can tell apart (four are those of Okabe
// and Ito, "Color Universal Design", 2008), all of a contrast of 3 or more to white and to
// the background of dark pages. The first is ours.
var palette = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	{0xa0, 0x78, 0x00, 0xff}, {0x7f, 0x56, 0xc5, 0xff}, {0x77, 0x77, 0x77, 0xff},
}

// glyphs differ too. As their number and that of the colours have no common divisor, no
// two of 42 series look the same.
var glyphs = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{},
}

func colourOf(i int) color.Color { return palette[i%len(palette)] }

func glyphOf(i int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: colourOf(i), Radius: 3.5, Shape: glyphs[i%len(glyphs)]}
}

func lineOf(i int) draw.LineStyle {
	s := draw.LineStyle{Color: colourOf(i), Width: 1.5}
	if i >= len(palette) {
		s.Dashes = []vg.Length{6, 3}
	}
	return s
}

// fontName is that of Liberation Sans in SVG. Where it is missing, fonts of the same widths
// take its place.
const fontName = "font-family:Liberation Sans"

// small returns the style of text of a size.
func small(size vg.Length, align text.XAlignment) text.Style {
	return text.Style{
		Color: ink, XAlign: align, Handler: plot.DefaultTextHandler,
		Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
	}
}

// style sets everything that is not data.
func (d *drawing) style() {
	d.BackgroundColor = nil
	d.Title.Text, d.Title.Padding = d.chart.Title, 8
	d.Title.TextStyle = small(12, draw.XCenter)
	d.Title.TextStyle.YAlign = draw.YTop
	d.X.Label.Text = d.chart.X.Caption
	for _, a := range []*plot.Axis{&d.X, &d.Y} {
		a.Label.TextStyle.Color, a.Label.TextStyle.Font = ink, small(9, 0).Font
		a.Tick.Label.Color, a.Tick.Label.Font = ink, small(9, 0).Font
		a.Color, a.Tick.Color = ink, ink
	}
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal = draw.LineStyle{Color: faint, Width: 0.6}
	d.Add(grid)
	d.legend.Top, d.legend.Left = true, true
	d.legend.TextStyle, d.legend.Padding, d.legend.ThumbnailWidth = small(9, draw.XLeft), 3, 20
}

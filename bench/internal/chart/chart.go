// Package chart draws the charts of the report as SVG, with gonum.org/v1/plot: every
// value is a point with its quartiles, alone in a cluster or on a curve. The background
// is transparent and every colour stands out from white and from black, so that one file
// serves a light page and a dark one.
package chart

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

const (
	width  = vg.Length(660)
	height = vg.Length(310)
	margin = vg.Length(18) // for the caption of the y axis, at the left
)

// Draw returns the chart as an SVG document.
func Draw(c record.Chart) ([]byte, error) {
	d := drawing{Plot: plot.New(), legend: plot.NewLegend(), chart: c}
	d.style()
	d.marks()
	for i := range c.Series {
		if err := d.series(i); err != nil {
			return nil, fmt.Errorf("chart: %s: %w", c.File, err)
		}
	}
	for _, name := range c.Absent {
		d.legend.Add(name + " (absent)")
	}
	d.axes()
	canvas := vgsvg.New(width, height)
	all := draw.New(canvas)
	aside := d.legend.Rectangle(all).Size().X + 8
	d.Draw(draw.Crop(all, margin, -aside-10, 4, -4))
	d.legend.Draw(draw.Crop(all, width-aside, 0, 0, -30))
	// Package plot would make room for this caption at the wrong place of a logarithmic axis.
	caption := small(9, draw.XCenter)
	caption.Rotation = math.Pi / 2
	all.FillText(caption, vg.Point{X: margin - 6, Y: height / 2}, c.Y.Caption)
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("chart: %s: %w", c.File, err)
	}
	return bytes.ReplaceAll(b.Bytes(), []byte(fontName), []byte(fontName+",Arial,Helvetica,sans-serif")), nil
}

// drawing is a chart in the making.
type drawing struct {
	*plot.Plot
	legend plot.Legend
	chart  record.Chart
}

// points are what a series shows, with its quartiles, at places on the x axis. They
// implement the interfaces of package plotter.
type points []record.Point

func (p points) Len() int                { return len(p) }
func (p points) XY(i int) (x, y float64) { return p[i].X, p[i].Y.Median }
func (p points) YError(i int) (lo, hi float64) {
	return p[i].Y.Low - p[i].Y.Median, p[i].Y.High - p[i].Y.Median
}

// at returns the points of series i that can be drawn, at their places.
func (d *drawing) at(i int) (some points) {
	n := float64(len(d.chart.Series))
	for k, p := range d.chart.Series[i].Points {
		if !d.chart.Lines {
			p.X = float64(k) + 0.84*((float64(i)+0.5)/n-0.5) // side by side around k
		}
		if !p.Missing && drawable(d.chart.X, p.X) && drawable(d.chart.Y, p.Y.Low) && drawable(d.chart.Y, p.Y.High) {
			some = append(some, p)
		}
	}
	return some
}

// drawable reports whether an axis can show v.
func drawable(a record.Axis, v float64) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && (v > 0 || !a.Log)
}

// series draws series i and its entry in the legend.
func (d *drawing) series(i int) error {
	data := d.at(i)
	if len(data) == 0 {
		return nil
	}
	line, scatter, err := plotter.NewLinePoints(data)
	if err != nil {
		return err
	}
	line.LineStyle, scatter.GlyphStyle = lineOf(i), glyphOf(i)
	whiskers, err := plotter.NewYErrorBars(data)
	if err != nil {
		return err
	}
	whiskers.LineStyle = draw.LineStyle{Color: colourOf(i), Width: 1}
	if d.Add(whiskers, scatter); d.chart.Lines {
		d.Add(line)
		d.legend.Add(d.chart.Series[i].Name, line, scatter)
		return nil
	}
	d.legend.Add(d.chart.Series[i].Name, scatter)
	return d.values(data)
}

// values writes the medians above the points of a cluster.
func (d *drawing) values(data points) error {
	var l plotter.XYLabels
	for _, p := range data {
		l.XYs = append(l.XYs, plotter.XY{X: p.X, Y: p.Y.High})
		l.Labels = append(l.Labels, brief(p.Y.Median))
	}
	labels, err := plotter.NewLabels(l)
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i] = small(7.5, draw.XCenter)
		if len(d.chart.Series)*len(d.chart.Labels) > 20 { // no room side by side
			labels.TextStyle[i] = small(7.5, draw.XLeft)
			labels.TextStyle[i].Rotation, labels.TextStyle[i].YAlign = math.Pi/2, draw.YCenter
		}
	}
	labels.Offset = vg.Point{Y: 6}
	d.Add(labels)
	return nil
}

// brief writes two or three significant digits.
func brief(v float64) string {
	if math.Abs(v) >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

// marks draws the line that the chart begins at, and the one that limits it.
func (d *drawing) marks() {
	if d.chart.From > 0 {
		from := plotter.NewFunction(func(float64) float64 { return d.chart.From })
		from.LineStyle = draw.LineStyle{Color: ink, Width: 1}
		d.Add(from)
	}
	if m := d.chart.Mark; m != nil {
		limit := plotter.NewFunction(func(float64) float64 { return m.Y })
		limit.LineStyle = draw.LineStyle{Color: ink, Width: 1.2, Dashes: []vg.Length{5, 4}}
		d.Add(limit)
		d.legend.Add(m.Label, limit)
	}
}

// axes sets the ranges and the ticks, when all values are known.
func (d *drawing) axes() {
	ys := []float64{}
	for i := range d.chart.Series {
		for _, p := range d.at(i) {
			ys = append(ys, p.Y.Low, p.Y.High)
		}
	}
	if d.chart.From > 0 {
		ys = append(ys, d.chart.From)
	}
	if d.chart.Mark != nil {
		ys = append(ys, d.chart.Mark.Y)
	}
	if len(ys) == 0 {
		ys = []float64{1, 10}
	}
	low, high := slices.Min(ys), slices.Max(ys)
	if d.chart.Y.Log {
		d.Y.Min, d.Y.Max, d.Y.Scale = low/1.15, high*1.5, plot.LogScale{}
	} else {
		d.Y.Min, d.Y.Max = 0, max(high*1.12, 1e-9)
	}
	d.Y.Tick.Marker = ticker(d.chart.Y)
	d.xAxis()
}

// xAxis marks the clusters, or the places that were measured.
func (d *drawing) xAxis() {
	if !d.chart.Lines {
		d.X.Min, d.X.Max = -0.5, max(float64(len(d.chart.Labels))-0.5, 0.5)
		var ticks plot.ConstantTicks
		for i, l := range d.chart.Labels {
			ticks = append(ticks, plot.Tick{Value: float64(i), Label: l})
		}
		d.X.Tick.Marker, d.X.Tick.Length = ticks, 0
		return
	}
	var xs []float64
	for i := range d.chart.Series {
		for _, p := range d.at(i) {
			xs = append(xs, p.X)
		}
	}
	if len(xs) == 0 {
		xs = []float64{1, 2}
	}
	d.X.Min, d.X.Max = slices.Min(xs), slices.Max(xs)
	if d.X.Min == d.X.Max {
		d.X.Max++
	}
	if d.chart.X.Log {
		d.X.Scale = plot.LogScale{}
	}
	d.X.Tick.Marker = measured(xs, d.chart.X, d.X)
}

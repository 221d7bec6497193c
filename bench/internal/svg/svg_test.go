package svg_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
	"github.com/allocarrays/allocarrays-go/bench/internal/svg"
)

func point(x, y float64) record.Point {
	return record.Point{X: x, Y: stats.Summary{Median: y, Low: y * 0.9, High: y * 1.1}}
}

func charts() map[string]record.Chart {
	two := []record.Series{
		{Name: "a < b & \"c\"", Points: []record.Point{point(1, 1), point(2, 3)}},
		{Name: "other", Points: []record.Point{point(1, 0.5), {Missing: true}}},
	}
	lines := []record.Series{{Name: "one", Points: []record.Point{point(1, 20), point(64, 22), point(4096, 400)}}}
	return map[string]record.Chart{
		"bars":      {Title: "bars", Labels: []string{"x", "y"}, Series: two, Absent: []string{"gone"}},
		"ratios":    {Title: "ratios", Labels: []string{"x", "y"}, Series: two, From: 1, Y: record.Axis{Log: true}},
		"mark":      {Title: "mark", Labels: []string{"x", "y"}, Series: two, Mark: &record.ChartMark{Y: 9, Label: "limit"}},
		"lines":     {Title: "lines", Lines: true, Series: lines},
		"log lines": {Title: "log", Lines: true, Series: lines, X: record.Axis{Log: true, Bytes: true}, Y: record.Axis{Log: true, Time: true}},
		"one point": {Title: "one", Lines: true, Series: []record.Series{{Name: "p", Points: []record.Point{point(1, 1)}}}},
		"empty":     {Title: "empty"},
		"no lines":  {Title: "empty", Lines: true},
		"zeros":     {Title: "zeros", Labels: []string{"x"}, Series: []record.Series{{Name: "z", Points: []record.Point{{}}}}, Y: record.Axis{Log: true}},
	}
}

func TestDrawIsWellFormedAndInside(t *testing.T) {
	for name, c := range charts() {
		t.Run(name, func(t *testing.T) {
			text := svg.Draw(c)
			require.NotContains(t, text, "NaN")
			require.NotContains(t, text, "Inf")
			width, height := 0.0, 0.0
			for d := xml.NewDecoder(strings.NewReader(text)); ; {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
				e, ok := token.(xml.StartElement)
				if !ok {
					continue
				}
				for _, a := range e.Attr {
					v, err := strconv.ParseFloat(a.Value, 64)
					if err != nil {
						continue
					}
					switch a.Name.Local {
					case "width", "height":
						require.GreaterOrEqual(t, v, 0.0)
						if e.Name.Local == "svg" && a.Name.Local == "width" {
							width = v
						} else if e.Name.Local == "svg" {
							height = v
						}
					case "x", "x1", "x2", "cx":
						require.True(t, v >= 0 && v <= width, "%s=%v in %s", a.Name.Local, v, e.Name.Local)
					case "y", "y1", "y2", "cy":
						require.True(t, v >= 0 && v <= height, "%s=%v in %s", a.Name.Local, v, e.Name.Local)
					}
				}
			}
		})
	}
}

func TestDrawShowsEverything(t *testing.T) {
	all := charts()
	text := svg.Draw(all["bars"])
	for _, want := range []string{"a &lt; b &amp; &#34;c&#34;", "other", "gone (absent)", ">x<", ">y<", "3.00"} {
		require.Contains(t, text, want)
	}
	require.Equal(t, 3, strings.Count(text, ">0.50<")+strings.Count(text, ">1.00<")+strings.Count(text, ">3.00<"), "a bar for each point")
	require.Contains(t, text, ">–<", "and a sign where there is none")
	text = svg.Draw(all["log lines"])
	for _, want := range []string{"100 ns", "4 KiB", "1 B"} {
		require.Contains(t, text, fmt.Sprintf(">%s<", want))
	}
	require.Contains(t, svg.Draw(all["mark"]), "limit")
}

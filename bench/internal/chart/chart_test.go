package chart_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bench/internal/chart"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/stats"
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
	var many []record.Series
	for i := range 14 {
		many = append(many, record.Series{Name: fmt.Sprint("series ", i), Points: []record.Point{point(1, 1), point(2, float64(i))}})
	}
	return map[string]record.Chart{
		"clusters":  {Title: "clusters", Labels: []string{"x", "y"}, Series: two, Absent: []string{"gone"}},
		"ratios":    {Title: "ratios", Labels: []string{"x", "y"}, Series: two, From: 1, Y: record.Axis{Log: true}},
		"mark":      {Title: "mark", Labels: []string{"x", "y"}, Series: two, Mark: &record.ChartMark{Y: 9, Label: "limit"}},
		"lines":     {Title: "lines", Lines: true, Series: lines},
		"log lines": {Title: "log", Lines: true, Series: lines, X: record.Axis{Log: true, Bytes: true}, Y: record.Axis{Log: true, Time: true}},
		"one point": {Title: "one", Lines: true, Series: []record.Series{{Name: "p", Points: []record.Point{point(1, 1)}}}},
		"empty":     {Title: "empty"},
		"no lines":  {Title: "empty", Lines: true},
		"zeros":     {Title: "zeros", Labels: []string{"x"}, Series: []record.Series{{Name: "z", Points: []record.Point{{}}}}, Y: record.Axis{Log: true}},
		"many":      {Title: "many", Labels: []string{"x", "y"}, Series: many},
	}
}

// TestDrawIsWellFormed: XML, and no number that is none.
func TestDrawIsWellFormed(t *testing.T) {
	for name, c := range charts() {
		t.Run(name, func(t *testing.T) {
			text, err := chart.Draw(c)
			require.NoError(t, err)
			require.NotContains(t, string(text), "NaN")
			require.NotContains(t, string(text), "Inf")
			for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
				_, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
			}
		})
	}
}

func TestDrawShowsEverything(t *testing.T) {
	all := charts()
	shown := func(name string, want ...string) {
		t.Helper()
		text, err := chart.Draw(all[name])
		require.NoError(t, err)
		for _, w := range want {
			require.Regexp(t, ">"+regexp.QuoteMeta(w)+"</text>", string(text), name)
		}
	}
	shown("clusters", "clusters", "a &lt; b &amp; &#34;c&#34;", "other", "gone (absent)", "x", "y", "3", "0.5")
	shown("log lines", "100 ns", "4 KiB", "1 B", "one")
	shown("mark", "limit")
	shown("many", "series 0", "series 13")
}

// TestDrawIsTheSameEveryTime: a chart changes in the repository only when its data do.
func TestDrawIsTheSameEveryTime(t *testing.T) {
	for name, c := range charts() {
		once, err := chart.Draw(c)
		require.NoError(t, err)
		again, err := chart.Draw(c)
		require.NoError(t, err)
		require.Equal(t, string(once), string(again), name)
	}
}

// luminance is that of WCAG 2.1.
func luminance(r, g, b float64) float64 {
	linear := func(c float64) float64 {
		if c /= 255; c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// TestColoursStandOut: each has a contrast of 3 or more, which WCAG 2.1 asks of
// graphics, to a white page and to a dark one.
func TestColoursStandOut(t *testing.T) {
	text, err := chart.Draw(charts()["many"])
	require.NoError(t, err)
	colours := regexp.MustCompile(`#([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})`).FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, colours)
	seen := map[string]bool{}
	for _, c := range colours {
		var rgb [3]float64
		for i := range rgb {
			v, err := strconv.ParseUint(c[i+1], 16, 8)
			require.NoError(t, err)
			rgb[i] = float64(v)
		}
		seen[c[0]] = true
		own := luminance(rgb[0], rgb[1], rgb[2]) + 0.05
		require.GreaterOrEqual(t, 1.05/own, 3.0, c[0])
		require.GreaterOrEqual(t, own/(luminance(0x0d, 0x11, 0x17)+0.05), 3.0, c[0])
	}
	require.GreaterOrEqual(t, len(seen), 7)
}

package record

import "github.com/allocarrays/allocarrays-go/bench/internal/stats"

// A Chart is what to draw.
type Chart struct {
	File   string     `json:"file"` // name without folder, as in "performance-mlp.svg"
	Title  string     `json:"title"`
	Y      Axis       `json:"y"`
	X      Axis       `json:"x"`
	Lines  bool       `json:"lines,omitempty"`  // curves over X; else points in clusters
	Labels []string   `json:"labels,omitempty"` // of the clusters
	Series []Series   `json:"series"`
	From   float64    `json:"from,omitempty"` // a line across, such as 1 for ratios; 0 is none
	Mark   *ChartMark `json:"mark,omitempty"`
	Absent []string   `json:"absent,omitempty"` // series that could not be had
}

// An Axis has a caption with its unit, and is linear or logarithmic.
type Axis struct {
	Caption string `json:"caption"`
	Log     bool   `json:"log,omitempty"`
	Bytes   bool   `json:"bytes,omitempty"` // label ticks as KiB and MiB
	Time    bool   `json:"time,omitempty"`  // values are nanoseconds: label ticks as µs and ms
}

// A ChartMark is a dashed line across a chart, such as the limit of the machine.
type ChartMark struct {
	Y     float64 `json:"y"`
	Label string  `json:"label"`
}

// Series are the points of one colour: one for each label, or those of a curve.
type Series struct {
	Name   string  `json:"name"`
	Points []Point `json:"points"`
}

// A Point is a value with its spread; X counts for curves only.
type Point struct {
	X       float64       `json:"x,omitempty"`
	Y       stats.Summary `json:"y"`
	Missing bool          `json:"missing,omitempty"` // there is no point here
}

package main

import (
	"encoding/csv"
	"reflect"
	"strconv"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/textio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

func init() {
	register.Function1x1(resultLine)
	register.Function1x1(problemLine)
	for _, t := range []any{Image{}, Problem{}, Result{}, Timing{}, Fact{}, Summary{}} {
		beam.RegisterType(reflect.TypeOf(t))
	}
}

// Options say what a pipeline reads and writes. The paths are on any file system that Beam knows,
// and the same for all workers.
type Options struct {
	Images string // pattern of the files
	Model  string // weights
	Out    string // folder of the results
	Batch  int    // images in a micro-batch
}

// Names of the files in the folder of the results.
const (
	resultsFile  = "results.csv"
	problemsFile = "problems.csv"
	summaryFile  = "summary.txt"
)

// Build returns the pipeline.
func Build(o Options) *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	imgs, problems := images(s, o.Images)
	results, timings := classified(s, o.Model, o.Batch, imgs)
	textio.Write(s, in(o.Out, resultsFile), beam.ParDo(s, resultLine, results))
	textio.Write(s, in(o.Out, problemsFile), beam.ParDo(s, problemLine, problems))
	textio.Write(s, in(o.Out, summaryFile), beam.ParDo(s, Summary.String, summary(s, results, timings, problems)))
	return p
}

// in returns the path of a file in a folder, which may be an address such as gs://bucket/folder.
func in(folder, name string) string { return strings.TrimRight(folder, "/") + "/" + name }

func resultLine(r Result) string {
	label := ""
	if r.Label >= 0 {
		label = strconv.Itoa(r.Label)
	}
	return record(r.Name, strconv.Itoa(r.Digit), strconv.FormatFloat(float64(r.Probability), 'g', -1, 32), label)
}

func problemLine(p Problem) string { return record(p.File, p.Reason) }

// record returns a line of CSV, without the end.
func record(fields ...string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(fields) // a Builder fails never
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

func init() {
	register.Combiner2[Summary, Fact](&summarise{})
	register.Function1x1(factOfResult)
	register.Function1x1(factOfTiming)
	register.Function1x1(factOfProblem)
	register.Function1x1(Summary.String)
}

// A Fact is something that a summary counts.
type Fact struct {
	Images, Labelled, Correct, Problems int
	Nanos                               int64 // of a micro-batch; 0 if the fact is about something else
}

func factOfResult(r Result) Fact {
	f := Fact{Images: 1}
	if r.Label >= 0 {
		f.Labelled = 1
		if r.Label == r.Digit {
			f.Correct = 1
		}
	}
	return f
}

func factOfTiming(t Timing) Fact { return Fact{Nanos: max(1, t.Nanos)} }

func factOfProblem(Problem) Fact { return Fact{Problems: 1} }

// A Summary counts facts. Times are counted in steps of a quarter of a power of two, so that the
// summary of any number of them has one size.
type Summary struct {
	Images, Labelled, Correct, Problems int
	Batches                             int
	Nanos                               int64
	Times                               []int // by step
}

// summarise is the CombineFn of a summary.
type summarise struct{}

func (*summarise) AddInput(s Summary, f Fact) Summary {
	s.Images += f.Images
	s.Labelled += f.Labelled
	s.Correct += f.Correct
	s.Problems += f.Problems
	if f.Nanos > 0 {
		s.Batches++
		s.Nanos += f.Nanos
		s.count(int(4*math.Log2(float64(f.Nanos))), 1)
	}
	return s
}

func (*summarise) MergeAccumulators(s, o Summary) Summary {
	s.Images += o.Images
	s.Labelled += o.Labelled
	s.Correct += o.Correct
	s.Problems += o.Problems
	s.Batches += o.Batches
	s.Nanos += o.Nanos
	for step, n := range o.Times {
		s.count(step, n)
	}
	return s
}

func (s *Summary) count(step, n int) {
	for len(s.Times) <= step {
		s.Times = append(s.Times, 0)
	}
	s.Times[step] += n
}

// Quantile returns a time that the part q of the micro-batches does not exceed, too long by a
// fifth at most.
func (s Summary) Quantile(q float64) time.Duration {
	left := int(math.Ceil(q * float64(s.Batches)))
	for step, n := range s.Times {
		if left -= n; left <= 0 {
			return time.Duration(math.Exp2(float64(step+1) / 4))
		}
	}
	return 0
}

func (s Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "images    %d\n", s.Images)
	if s.Labelled > 0 {
		fmt.Fprintf(&b, "accuracy  %.2f %% of the %d with a label\n", 100*float64(s.Correct)/float64(s.Labelled), s.Labelled)
	}
	if s.Batches > 0 {
		fmt.Fprintf(&b, "a batch   %v on average, half in %v, 99 %% in %v, %d of them\n",
			(time.Duration(s.Nanos) / time.Duration(s.Batches)).Round(time.Microsecond),
			s.Quantile(0.5).Round(time.Microsecond), s.Quantile(0.99).Round(time.Microsecond), s.Batches)
	}
	fmt.Fprintf(&b, "problems  %d", s.Problems)
	return b.String()
}

// summary combines everything there is to say about a run.
func summary(s beam.Scope, results, timings, problems beam.PCollection) beam.PCollection {
	s = s.Scope("Summary")
	facts := beam.Flatten(s, beam.ParDo(s, factOfResult, results), beam.ParDo(s, factOfTiming, timings), beam.ParDo(s, factOfProblem, problems))
	return beam.Combine(s, &summarise{}, facts)
}

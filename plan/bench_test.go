package plan_test

import (
	"fmt"
	"testing"

	"github.com/allocarrays/allocarrays-go/plan"
	"github.com/allocarrays/allocarrays-go/plan/internal/training"
)

func BenchmarkPack(b *testing.B) {
	for _, n := range []int{454, 18_700, 62_000} {
		b.Run(fmt.Sprint("training/", n), func(b *testing.B) {
			p := training.Step(n, 1)
			var got plan.Plan
			for b.Loop() {
				var err error
				if got, err = plan.Pack(p); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(100*(float64(got.Peak)/float64(got.Bound)-1), "%-above-bound")
		})
	}
}

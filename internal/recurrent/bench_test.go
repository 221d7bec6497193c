package recurrent_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/allocarrays/allocarrays-go/internal/recurrent"
)

func BenchmarkRun(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][4]int{{1, 50, 64, 128}, {32, 50, 64, 128}, {1, 50, 256, 512}} {
		batch, steps, in, hidden := size[0], size[1], size[2], size[3]
		for name, l := range map[string]layer{"LSTM": recurrent.NewLSTM(in, hidden, weights(rng, 4, in, hidden)),
			"GRU": recurrent.NewGRU(in, hidden, weights(rng, 3, in, hidden), false)} {
			p := recurrent.Pass{Batch: batch, Steps: steps, X: random(rng, batch*steps*in), XBatch: steps * in, XStep: in,
				Y: make([]float32, batch*steps*hidden), YBatch: steps * hidden, YStep: hidden, Hidden: make([]float32, batch*hidden),
				Scratch: make([]float32, l.Scratch(batch, steps))}
			if name == "LSTM" {
				p.Cell = make([]float32, batch*hidden)
			}
			b.Run(fmt.Sprintf("%s/%d×%d×%d→%d", name, batch, steps, in, hidden), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					l.Run(p)
				}
				gates := map[string]int{"LSTM": 4, "GRU": 3}[name]
				b.ReportMetric(float64(batch*steps*gates*hidden*(in+hidden))*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFMA/s")
			})
		}
	}
}

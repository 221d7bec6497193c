package cases

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

var coresCase = Case{Name: "cores", Title: "Two cores against one", run: runCores, Kernels: true}

const coresText = `Layers on one image, a product of matrices and the digits CNN with a batch of 32, each with a shared
buffer of locked.Cores(1) and of locked.Cores(2). The results have the same bits, which is checked. On a machine with other load the second core comes late or not at all: run it with chrt -f 1
there, if you may.`

const onOne, onTwo = "one core", "two cores"

func runCores(ctx context.Context, e *Env) (record.Case, error) {
	c := record.Case{Text: coresText}
	var err error
	for _, name := range []string{"conv-56x64x64", "conv-28x128x128", "conv-14x256x256", "depthwise-56x128x128", "dense-128x768x3072", "matmul-512x512x512", "cnn-32"} {
		var g record.Group
		g, err = e.coresGroup(ctx, name)
		c.Groups = append(c.Groups, g)
		c.Bars = append(c.Bars, coresBars(&g)...)
		if err != nil {
			break
		}
	}
	c.Tables = []record.Table{
		down("Time relative to two cores (more than 1 is slower)", "", c.Groups, "time", ratioCell),
		down("Time, for orientation", "", c.Groups, "time", timeCell),
	}
	c.Notes = absences(c.Groups)
	return c, err
}

func coresBars(g *record.Group) []record.Bar {
	speed, ok := g.Ratios("time", onOne, onTwo)
	if !ok {
		return nil
	}
	b := []record.Bar{record.AtLeast(g.Name+": speed of two cores relative to one", 1.7, speed, "not run")}
	if m := g.Row(onTwo).Metric("allocs"); m != nil {
		b = append(b, record.AtMost(g.Name+" on two cores: heap allocations", 0, whole(m.Samples), "not run"))
	}
	return b
}

func (e *Env) coresGroup(ctx context.Context, name string) (record.Group, error) {
	forward := coresWork(name)
	two := coresEntry(onTwo, forward, 2)
	if runtime.GOMAXPROCS(0) < 2 {
		two = entry{Candidate: two.Candidate, absent: "there is one core only"}
	}
	return e.measure(ctx, record.Group{Name: name, Base: onTwo}, 5*time.Millisecond, coresEntry(onOne, forward, 1), two)
}

// coresWork returns what is computed.
func coresWork(name string) func(context.Context) allocarray.AllocArray[float32] {
	switch name {
	case "matmul-512x512x512":
		s := model.Shape{M: 512, K: 512, N: 512}
		a, b := allocarray.Wrap(s.A(), s.M, s.K), allocarray.Wrap(s.B(), s.K, s.N)
		return func(ctx context.Context) allocarray.AllocArray[float32] { return allocarray.MatMul(ctx, a, b) }
	case "cnn-32":
		chain, x := model.NewCNNChain(model.NewCNN()), allocarray.Wrap(model.Images(32), 32, model.Side, model.Side, 1)
		return func(ctx context.Context) allocarray.AllocArray[float32] { return chain.Forward(ctx, x) }
	}
	l, err := model.ParseLayer(name)
	if err != nil {
		panic(err) // the names are constants
	}
	layer, x := model.NewLayerChain(l)
	return func(ctx context.Context) allocarray.AllocArray[float32] { return layer.Forward(ctx, x) }
}

// coresEntry runs the work on a buffer for so many cores, and resets that each time.
func coresEntry(name string, forward func(context.Context) allocarray.AllocArray[float32], cores int) entry {
	shared := locked.Share(bumper.NewSlabBuffer(), locked.Cores(cores))
	ctx := scope.WithAllocator(context.Background(), shared)
	want := forward(context.Background()).Data()
	run := func(n int) {
		for range n {
			forward(ctx)
			must(shared.Reset())
		}
	}
	check := func() error {
		if !slices.Equal(want, forward(ctx).Data()) {
			return errors.New("not the bits of one core")
		}
		return shared.Reset()
	}
	return entry{Candidate: measure.Func(name, run), check: check}
}

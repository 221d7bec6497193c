package cases

import (
	"context"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/scope"
)

var layersCase = Case{Name: "layers", Title: "Single layers, one core", run: runLayers, Kernels: true}

const layersText = `Layers of larger networks on one image, or on rows, with random weights: convolutions of
3×3 with padding and bias, depthwise ones, and functions of rows. *conv-56x64x64* is an image of
56×56 from 64 to 64 channels, *softmax-256x128* are 256 rows of 128. onnxruntime has its images with the
channels first, as it wants them. Results must agree with a plain computation in float64.`

// layerBars are the layers that are measured, and the speed relative to onnxruntime that is
// wanted; 0 for none.
var layerBars = []struct {
	name string
	want float64
}{
	{"conv-56x64x64", 1.8}, {"conv-28x128x128", 1.8}, {"conv-14x256x256", 1.8},
	{"depthwise-112x32x32", 1.25}, {"depthwise-56x128x128", 1.25}, {"depthwise-14x512x512", 1},
	{"softmax-256x128", 0.9}, {"softmax-256x512", 0.9}, {"logsoftmax-256x128", 0}, {"int8-128x768x3072", 1}, {"dense-128x768x3072", 0}, {"layernorm-256x768", 0},
}

func runLayers(ctx context.Context, e *Env) (record.Case, error) {
	defer measure.OneCore()()
	c := record.Case{Text: layersText}
	var err error
	for _, l := range layerBars {
		var g record.Group
		g, err = e.layerGroup(ctx, l.name)
		c.Groups = append(c.Groups, g)
		if speed, ok := g.Ratios("time", "onnxruntime", "ours"); l.want > 0 && ok {
			c.Bars = append(c.Bars, record.AtLeast(l.name+": speed relative to onnxruntime", l.want, speed, "onnxruntime is absent"))
		}
		if err != nil {
			break
		}
	}
	c.Tables = []record.Table{
		down("Time relative to ours (more than 1 is slower)", "layer", c.Groups, "time", ratioCell),
		down("Time, for orientation", "layer", c.Groups, "time", timeCell),
	}
	c.Notes = absences(c.Groups)
	return c, err
}

func (e *Env) layerGroup(ctx context.Context, name string) (record.Group, error) {
	l, err := model.ParseLayer(name)
	if err != nil {
		panic(err) // the names are constants
	}
	want := l.Forward()
	g := record.Group{Name: name, Base: "ours"}
	ours, theirs := ourLayer(l, want), e.child(ctx, "onnxruntime", "onnxruntime", "layer/"+name, want)
	if l.Kind == "int8" { // a byte is an 255th of a range that reaches several standard deviations
		for _, en := range []*entry{&ours, &theirs} {
			en.check = nil
		}
	}
	return e.measure(ctx, g, 2*time.Millisecond, ours, theirs)
}

// ourLayer runs one layer with one scope for each image.
func ourLayer(l model.Layer, want []float32) entry {
	layer, x := model.NewLayerChain(l)
	ctx, got := bufferContext(), make([]float32, len(want))
	infer := func(ctx context.Context) error {
		layer.Forward(ctx, x)
		return nil
	}
	en := checked("ours", func(n int) {
		for range n {
			must(scope.NoEscape(ctx, infer))
		}
	}, want, func() []float32 {
		must(scope.NoEscape(ctx, func(ctx context.Context) error {
			copy(got, layer.Forward(ctx, x).Data())
			return nil
		}))
		return got
	})
	return en
}

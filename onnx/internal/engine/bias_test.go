package engine_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// TestLargeBias holds a convolution with a bias much larger than its sums, and an activation behind it, to the sums in
// float64: within one rounding of the result, not one for each summand.
func TestLargeBias(t *testing.T) {
	const in, out, pixels = 300, 24, 30
	d := &drawing{r: rand.New(rand.NewPCG(1, 9)), g: &proto.Graph{Name: "bias"}, shape: map[string][]int{}}
	d.g.Inputs = []*proto.Value{{Name: "x", Kind: proto.KindTensor, Type: tensor.Float}}
	d.names, d.shape["x"] = []string{"x"}, []int{1, in, 1, pixels}
	weights, bias := d.constant(out, in, 1, 1), d.constant(out)
	w, b := tensor.Slice[float32](&d.g.Initializers[0].Tensor), tensor.Slice[float32](&d.g.Initializers[1].Tensor)
	for i := range b {
		b[i] = 3000 + float32(i)
	}
	y := d.node([]int{1, out, 1, pixels}, "Conv", []string{"x", weights, bias})
	y = d.node(d.shape[y], "LeakyRelu", []string{y})
	d.g.Outputs = []*proto.Value{{Name: y, Kind: proto.KindTensor, Type: tensor.Float}}
	x := tensor.New(tensor.Float, 1, in, 1, pixels)
	v := tensor.Slice[float32](x)
	for i := range v {
		v[i] = float32(d.r.NormFloat64())
	}
	got := outputs(t, &proto.Model{Graph: d.g, Opsets: []proto.Opset{{Version: 14}}}, engine.Options{}, x)[0]
	ulp := float64(math.Nextafter32(3000, 4000) - 3000)
	for o := range out {
		for p := range pixels {
			sum := float64(b[o])
			for k := range in {
				sum += float64(w[o*in+k]) * float64(v[k*pixels+p])
			}
			require.InDelta(t, sum, float64(got[o*pixels+p]), 0.6*ulp, "channel %d, pixel %d", o, p)
		}
	}
}

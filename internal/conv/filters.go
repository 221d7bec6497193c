package conv

import (
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// Filters are weights in the order in which they are read. They are immutable.
type Filters struct {
	window          Window
	in, out, groups int
	packed          []*gemm.Packed[float32] // for each group, or nil
	planes          *[16]*gemm.Packed[float32]
	depthwise       []float32
	bias            []float32 // nil for none; zeros if the algorithm wants some
}

// winogradChannels is from how many channels on either side on Winograd's algorithm pays; winogradFew, if there are 64 on the other.
const (
	winogradChannels = 32
	winogradFew      = 16
)

// NewFilters prepares weights of out×(in/groups)×height×width, and a bias of out elements or nil. The weights
// of each output channel are multiplied by its scale, unless that is nil.
func NewFilters(w Window, in, out, groups int, weights, bias []float32, scale []float64) *Filters {
	f := &Filters{window: w, in: in, out: out, groups: groups, bias: bias}
	area, per := w.Size[0]*w.Size[1], in/groups
	k := per * area
	if scale != nil && slices.ContainsFunc(scale, func(s float64) bool { return s != 1 }) {
		weights = scaled(weights, scale)
	}
	switch {
	case groups == 1 && w.Size == [2]int{3, 3} && w.Stride == [2]int{1, 1} && w.Dilation == [2]int{1, 1} && (min(in, out) >= winogradChannels || min(in, out) >= winogradFew && max(in, out) >= 64):
		f.planes = newPlanes(weights, in, out)
		f.fillBias()
	case groups > 1 && groups == in && groups == out:
		f.depthwise = make([]float32, len(weights))
		for i, v := range weights {
			f.depthwise[i%k*out+i/k] = v
		}
		f.fillBias()
	default:
		last := channelsLast(weights, out, per, area)
		each := out / groups
		for g := range groups {
			f.packed = append(f.packed, gemm.Pack(last[g*each*k:(g+1)*each*k], k, each, 1, k))
		}
	}
	return f
}

// scaled returns the weights of each output channel times its scale.
func scaled(weights []float32, scale []float64) []float32 {
	all := make([]float32, len(weights))
	k := len(weights) / len(scale)
	for o, s := range scale {
		to := all[o*k : (o+1)*k]
		for i, v := range weights[o*k : (o+1)*k] {
			to[i] = float32(float64(v) * s)
		}
	}
	return all
}

// channelsLast returns weights of out×per×area as out×area×per.
func channelsLast(weights []float32, out, per, area int) []float32 {
	if area == 1 || per == 1 {
		return weights
	}
	last := make([]float32, len(weights))
	for k := per * area; len(weights) > 0; weights = weights[k:] {
		to := last[len(last)-len(weights):][:k]
		for c := range per {
			for i, v := range weights[c*area : (c+1)*area] {
				to[i*per+c] = v
			}
		}
	}
	return last
}

func (f *Filters) fillBias() {
	if f.bias == nil {
		f.bias = make([]float32, f.out)
	}
}

// newPlanes transforms weights of out×in×3×3 into G·g·Gᵀ of each filter g, with the G of package nn.
func newPlanes(w []float32, in, out int) *[16]*gemm.Packed[float32] {
	const some = 16 // filters at a time: a line of a cache in each plane
	var planes [16]*gemm.Packed[float32]
	plane := make([]float32, 16*in*out)
	for first := 0; first < out; first += some {
		count := min(some, out-first)
		for c := range in {
			var tile [16][some]float32
			for o := range count {
				g := w[((first+o)*in+c)*9:][:9]
				var rows [4][3]float64
				for j := range 3 {
					rows[0][j], rows[1][j], rows[2][j], rows[3][j] = transform(float64(g[j]), float64(g[3+j]), float64(g[6+j]))
				}
				for i := range rows {
					a, b, c, d := transform(rows[i][0], rows[i][1], rows[i][2])
					tile[4*i][o], tile[4*i+1][o], tile[4*i+2][o], tile[4*i+3][o] = float32(a), float32(b), float32(c), float32(d)
				}
			}
			for p := range tile {
				copy(plane[(p*in+c)*out+first:], tile[p][:count])
			}
		}
	}
	for p := range planes {
		planes[p] = gemm.Pack(plane[p*in*out:(p+1)*in*out], in, out, out, 1)
	}
	return &planes
}

func transform(a, b, c float64) (w, x, y, z float64) { return a, (a + b + c) / 2, (a - b + c) / 2, c }

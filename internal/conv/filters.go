package conv

import "github.com/allocarrays/allocarrays-go/internal/gemm"

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
	last := make([]float32, out*k) // out×height×width×in
	for o := range out {
		s := 1.0
		if scale != nil {
			s = scale[o]
		}
		for c := range per {
			for i := range area {
				last[o*k+i*per+c] = float32(float64(weights[(o*per+c)*area+i]) * s)
			}
		}
	}
	switch {
	case groups == 1 && w.Size == [2]int{3, 3} && w.Stride == [2]int{1, 1} && w.Dilation == [2]int{1, 1} && (min(in, out) >= winogradChannels || min(in, out) >= winogradFew && max(in, out) >= 64):
		f.planes = newPlanes(last, in, out)
		f.fillBias()
	case groups > 1 && groups == in && groups == out:
		f.depthwise = make([]float32, len(last))
		for i, v := range last {
			f.depthwise[i%k*out+i/k] = v
		}
		f.fillBias()
	default:
		each := out / groups
		for g := range groups {
			f.packed = append(f.packed, gemm.Pack(last[g*each*k:(g+1)*each*k], k, each, 1, k))
		}
	}
	return f
}

func (f *Filters) fillBias() {
	if f.bias == nil {
		f.bias = make([]float32, f.out)
	}
}

// newPlanes transforms weights of out×3×3×in into G·g·Gᵀ of each filter g, with the G of package nn.
func newPlanes(w []float32, in, out int) *[16]*gemm.Packed[float32] {
	var planes [16]*gemm.Packed[float32]
	plane := make([]float32, 16*in*out)
	for o := range out {
		for c := range in {
			var g [9]float64
			for i := range g {
				g[i] = float64(w[(o*9+i)*in+c])
			}
			var rows [4][3]float64
			for j := range 3 {
				rows[0][j], rows[1][j], rows[2][j], rows[3][j] = transform(g[j], g[3+j], g[6+j])
			}
			for i, r := range rows {
				var x [4]float64
				x[0], x[1], x[2], x[3] = transform(r[0], r[1], r[2])
				for j, v := range x {
					plane[((4*i+j)*in+c)*out+o] = float32(v)
				}
			}
		}
	}
	for p := range planes {
		planes[p] = gemm.Pack(plane[p*in*out:(p+1)*in*out], in, out, out, 1)
	}
	return &planes
}

func transform(a, b, c float64) (w, x, y, z float64) { return a, (a + b + c) / 2, (a - b + c) / 2, c }

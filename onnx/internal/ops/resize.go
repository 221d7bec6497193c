package ops

import (
	"cmp"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Resize and Upsample: for each axis a table says of which elements of the input each one of the output is made,
// and with which weights. The axes are taken one after the other.

func init() {
	register("Resize", resizeOld, 10)
	register("Resize", resize, 11, 13, 18, 19)
	register("Upsample", upsample, 1, 7, 9)
}

// A resizing is the attributes of a node.
type resizing struct {
	mode, nearest, coordinates string
	cubic                      float64
	excludeOutside, antialias  bool
	outside                    float64 // the value where the coordinates are outside of the input
}

// A resizedAxis is one axis of a node.
type resizedAxis struct {
	in, out    int
	scale      float64
	start, end float64 // of the region of interest
}

// A resizeTable has, for each element of the output, taps elements of the input and their weights. Nearest ones
// have one tap and no weights. An index of -1 stands for the value outside.
type resizeTable struct {
	axis    int
	taps    int
	index   []int32
	weights []float64
}

func resizeOld(c *Call) {
	r := &resizing{mode: c.String("mode", "nearest"), nearest: "simple", coordinates: "asymmetric", cubic: -0.75}
	scaled(c, r, floats(c, 1))
}

func upsample(c *Call) {
	r := &resizing{mode: c.String("mode", "nearest"), nearest: "simple", coordinates: "asymmetric", cubic: -0.75}
	scales, ok := c.Floats("scales")
	switch {
	case c.HasAttr("height_scale") || c.HasAttr("width_scale"):
		scales = []float32{1, 1, c.Float("height_scale", 1), c.Float("width_scale", 1)}
	case !ok:
		scales = floats(c, 1)
	}
	scaled(c, r, scales)
}

// floats returns the elements of input i, numbers.
func floats(c *Call, i int) []float32 {
	x := c.Elements(i)
	switch x.Type {
	case tensor.Float:
		return slice[float32](x)
	case tensor.Double:
		var v []float32
		for _, e := range slice[float64](x) {
			v = append(v, float32(e))
		}
		return v
	}
	c.Unsupported("input %d of type %v", i, x.Type)
	return nil
}

// scaled resizes all axes by scales.
func scaled(c *Call, r *resizing, scales []float32) {
	x := c.Input(0)
	if len(scales) != x.Rank() {
		c.Fail("scales %v for %v", scales, x)
	}
	list := make([]resizedAxis, x.Rank())
	for i, d := range x.Shape {
		list[i] = resizedAxis{in: d, out: scaledExtent(c, d, scales[i]), scale: float64(scales[i]), end: 1}
	}
	resizeAxes(c, r, list)
}

// scaledExtent returns the extent of an axis after it is scaled.
func scaledExtent(c *Call, extent int, scale float32) int {
	n := float32(extent) * scale
	if !(scale > 0) || n > 1<<40 {
		c.Fail("scale %v of an axis of extent %d", scale, extent)
	}
	return int(n)
}

func resize(c *Call) {
	x := c.Input(0)
	r := &resizing{mode: c.String("mode", "nearest"), nearest: c.String("nearest_mode", "round_prefer_floor"),
		coordinates: c.String("coordinate_transformation_mode", "half_pixel"), cubic: float64(c.Float("cubic_coeff_a", -0.75)),
		excludeOutside: c.Int("exclude_outside", 0) != 0, antialias: c.Int("antialias", 0) != 0, outside: float64(c.Float("extrapolation_value", 0))}
	axes, ok := c.Ints("axes")
	if !ok {
		axes = upTo(x.Rank())
	}
	c.Axes(axes, x.Rank())
	list := make([]resizedAxis, x.Rank())
	for i, d := range x.Shape {
		list[i] = resizedAxis{in: d, out: d, scale: 1, end: 1}
	}
	switch {
	case c.Has(2) && c.In[2].Len() > 0:
		scales := floats(c, 2)
		if len(scales) != len(axes) {
			c.Fail("scales %v for axes %v of %v", scales, axes, x)
		}
		for i, axis := range axes {
			a := &list[c.Axis(axis, x.Rank())]
			a.out, a.scale = scaledExtent(c, a.in, scales[i]), float64(scales[i])
		}
	case c.Has(3):
		sizes := c.Integers(3)
		if len(sizes) != len(axes) {
			c.Fail("sizes %v for axes %v of %v", sizes, axes, x)
		}
		for i, axis := range axes {
			a := &list[c.Axis(axis, x.Rank())]
			if a.out = sizes[i]; a.out < 0 || a.out > 0 && a.in == 0 {
				c.Fail("sizes %v for %v", sizes, x)
			}
			if a.in > 0 {
				a.scale = float64(a.out) / float64(a.in)
			}
		}
		keepAspect(c, list, axes)
	default:
		c.Fail("neither scales nor sizes")
	}
	if r.coordinates == "tf_crop_and_resize" {
		region := floats(c, 1)
		if len(region) != 2*len(axes) {
			c.Fail("region %v for axes %v", region, axes)
		}
		for i, axis := range axes {
			a := &list[c.Axis(axis, x.Rank())]
			a.start, a.end = float64(region[i]), float64(region[len(axes)+i])
		}
	}
	resizeAxes(c, r, list)
}

// keepAspect makes the scales of axes the same, if the node wants that.
func keepAspect(c *Call, list []resizedAxis, axes []int) {
	policy := c.String("keep_aspect_ratio_policy", "stretch")
	if policy == "stretch" {
		return
	}
	var scale float64
	for i, axis := range axes {
		s := list[c.Axis(axis, len(list))].scale
		switch {
		case i == 0:
			scale = s
		case policy == "not_larger":
			scale = min(scale, s)
		case policy == "not_smaller":
			scale = max(scale, s)
		default:
			c.Unsupported("attribute \"keep_aspect_ratio_policy\" %q", policy)
		}
	}
	for _, axis := range axes {
		a := &list[c.Axis(axis, len(list))]
		n := math.Floor(scale*float64(a.in) + 0.5)
		if n > 1<<40 {
			c.Fail("an axis of extent %v", n)
		}
		a.scale, a.out = scale, int(n)
	}
}

// resizeAxes declares the output and sets the kernel.
func resizeAxes(c *Call, r *resizing, list []resizedAxis) {
	x := c.In[0]
	shape := make([]int, len(list))
	for i, a := range list {
		if shape[i] = a.out; a.out > 0 && a.in == 0 {
			c.Fail("%v to extent %d along axis %d", x, a.out, i)
		}
	}
	c.Declare(0, x.Type, shape...)
	var tables []*resizeTable
	if tensor.Count(shape) > 0 {
		for i, a := range list {
			t := r.table(c, a)
			if t.axis = i; a.in != a.out || !t.isIdentity() {
				tables = append(tables, t)
			}
		}
	}
	if len(tables) == 0 {
		c.View(0, 0, 0)
		return
	}
	// What makes the tensor smaller comes first.
	slices.SortStableFunc(tables, func(a, b *resizeTable) int {
		return cmp.Compare(list[a.axis].scale, list[b.axis].scale)
	})
	if r.mode == "nearest" {
		resizeNearest(c, r, tables, shape)
		return
	}
	size, now := 0, slices.Clone(x.Shape)
	for _, t := range tables[:len(tables)-1] {
		now[t.axis] = shape[t.axis]
		n, ok := tensor.CheckedCount(now, 4*x.Type.Bits())
		if !ok {
			c.Fail("%v to %v", x, shape)
		}
		size = max(size, n)
	}
	if len(tables) > 1 {
		c.Work = x.Type.Bytes(size) * min(2, len(tables)-1)
	}
	f := &resizeFloat{r.outside, tables, x.Shape, size}
	c.Kernel = forNumbers(c, x.Type, kernels{f32: resizeKernel[float32](f), f64: resizeKernel[float64](f)})
}

// isIdentity reports whether the table gives the input back.
func (t *resizeTable) isIdentity() bool {
	for i := range len(t.index) / t.taps {
		for j, at := range t.index[i*t.taps : (i+1)*t.taps] {
			w := 1.0
			if t.weights != nil {
				w = t.weights[i*t.taps+j]
			}
			if w != 0 && (w != 1 || int(at) != i) {
				return false
			}
		}
	}
	return true
}

// coordinate returns where element i of the output is in the input; ok is false if that is outside.
func (r *resizing) coordinate(c *Call, a resizedAxis, i int) (x float64, ok bool) {
	at, in, out := float64(i), float64(a.in), a.scale*float64(a.in)
	switch r.coordinates {
	case "asymmetric":
		return at / a.scale, true
	case "half_pixel":
		return (at+0.5)/a.scale - 0.5, true
	case "pytorch_half_pixel":
		if a.out == 1 {
			return -0.5, true
		}
		return (at+0.5)/a.scale - 0.5, true
	case "half_pixel_symmetric":
		adjustment := float64(a.out) / out
		return in/2*(1-adjustment) + (at+0.5)/a.scale - 0.5, true
	case "tf_half_pixel_for_nn":
		return (at + 0.5) / a.scale, true
	case "align_corners":
		if a.out == 1 {
			return 0, true
		}
		return at * (in - 1) / (out - 1), true
	case "tf_crop_and_resize":
		if a.out == 1 {
			x = (a.end - a.start) * (in - 1) / 2
		} else {
			x = at * (a.end - a.start) * (in - 1) / (out - 1)
		}
		x += a.start * (in - 1)
		return x, x >= 0 && x <= in-1
	}
	c.Unsupported("attribute \"coordinate_transformation_mode\" %q", r.coordinates)
	return 0, false
}

// table makes the table of an axis, which has elements.
func (r *resizing) table(c *Call, a resizedAxis) *resizeTable {
	t := &resizeTable{taps: 1}
	reach, stretch := 1, 1.0 // elements to the right of a coordinate; by which factor the filter is wider
	weight := func(d float64) float64 { return max(0, 1-math.Abs(d)) }
	switch r.mode {
	case "nearest":
	case "linear", "cubic":
		radius := 1.0
		if r.mode == "cubic" {
			radius, weight = 2, r.cubicWeight
		}
		if r.antialias {
			stretch = min(a.scale, 1)
		}
		if wide := radius / stretch; wide > float64(4*a.in+16) {
			c.Fail("scale %v of an axis of extent %d", a.scale, a.in)
		}
		reach = 1 - int(math.Floor(-radius/stretch)+1)
		reach = max(reach, int(radius))
		t.taps = 2 * reach
	default:
		c.Unsupported("attribute \"mode\" %q", r.mode)
	}
	if a.out > maxTable/t.taps || a.in > math.MaxInt32 {
		c.Unsupported("an axis from %d to %d elements", a.in, a.out)
	}
	c.Tables += 12 * a.out * t.taps
	t.index = make([]int32, 0, a.out*t.taps)
	if r.mode != "nearest" {
		t.weights = make([]float64, 0, a.out*t.taps)
	}
	for i := range a.out {
		x, inside := r.coordinate(c, a, i)
		if !inside || x != x {
			for range t.taps {
				t.index = append(t.index, -1)
				if t.weights != nil {
					t.weights = append(t.weights, 0)
				}
			}
			continue
		}
		x = min(max(x, -float64(a.in)-4), 2*float64(a.in)+4)
		if r.mode == "nearest" {
			t.index = append(t.index, int32(min(max(r.round(c, x, a.scale < 1), 0), a.in-1)))
			continue
		}
		left := int(math.Ceil(x)) - 1 // the element before x, or at a distance of 1
		sum, from := 0.0, len(t.weights)
		for at := left - reach + 1; at <= left+reach; at++ {
			w := weight((float64(at) - x) * stretch)
			if r.excludeOutside && (at < 0 || at >= a.in) {
				w = 0
			}
			sum += w
			t.index, t.weights = append(t.index, int32(min(max(at, 0), a.in-1))), append(t.weights, w)
		}
		if r.excludeOutside || r.antialias {
			for j := from; j < len(t.weights); j++ {
				t.weights[j] /= sum
			}
		}
	}
	return t
}

// cubicWeight is Keys' filter.
func (r *resizing) cubicWeight(d float64) float64 {
	a, x := r.cubic, math.Abs(d)
	switch {
	case x <= 1:
		return (a+2)*x*x*x - (a+3)*x*x + 1
	case x < 2:
		return a*x*x*x - 5*a*x*x + 8*a*x - 4*a
	}
	return 0
}

func (r *resizing) round(c *Call, x float64, smaller bool) int {
	switch r.nearest {
	case "simple": // of forms that do not say it
		if smaller {
			return int(math.Ceil(x))
		}
		return int(x)
	case "round_prefer_floor":
		return int(math.Ceil(x - 0.5))
	case "round_prefer_ceil":
		return int(math.Floor(x + 0.5))
	case "floor":
		return int(math.Floor(x))
	case "ceil":
		return int(math.Ceil(x))
	}
	c.Unsupported("attribute \"nearest_mode\" %q", r.nearest)
	return 0
}

// resizeNearest moves elements, of any type of whole bytes.
func resizeNearest(c *Call, r *resizing, tables []*resizeTable, shape []int) {
	x := c.In[0]
	last := tables[0].axis
	by := make([][]int32, len(shape))
	for _, t := range tables {
		last = max(last, t.axis)
		by[t.axis] = t.index
	}
	for i := range by[:last] {
		if by[i] == nil {
			if shape[i] > maxTable {
				c.Unsupported("output of shape %v", shape)
			}
			c.Tables += 4 * shape[i]
			for j := range shape[i] {
				by[i] = append(by[i], int32(j))
			}
		}
	}
	size := x.Type.Bits() / 8
	if size == 0 {
		c.Unsupported("elements of type %v", x.Type)
	}
	value := make([]byte, size)
	if r.coordinates == "tf_crop_and_resize" && r.outside != 0 {
		switch x.Type {
		case tensor.Float:
			value = tensor.AsBytes([]float32{float32(r.outside)})
		case tensor.Double:
			value = tensor.AsBytes([]float64{r.outside})
		default:
			c.Unsupported("attribute \"extrapolation_value\" for %v", x.Type)
		}
	}
	if size == 4 && last == len(shape)-1 {
		n := &nearest[uint32]{tables: by, in: x.Shape, out: shape, value: tensor.As[uint32](aligned(value)), inner: 1, last: last}
		c.Kernel = n.kernel(slice[uint32])
		return
	}
	n := &nearest[uint8]{tables: by, in: x.Shape, out: shape, value: value, inner: tensor.Count(shape[last+1:]) * size, last: last}
	c.Kernel = n.kernel(func(x *tensor.Tensor) []uint8 { return x.Data })
}

// aligned returns a copy of b that is aligned for every type.
func aligned(b []byte) []byte {
	v := tensor.Bytes(len(b))
	copy(v, b)
	return v
}

// nearest moves pieces of inner elements, which are those behind the last axis that is resized.
type nearest[T tensor.Number] struct {
	tables  [][]int32
	in, out []int
	value   []T
	inner   int
	last    int
}

// kernel divides the first axis that has more than one element.
func (n *nearest[T]) kernel(elements func(*tensor.Tensor) []T) Kernel {
	first := 0
	for first < n.last && n.in[first] == 1 && n.out[first] == 1 && n.tables[first][0] == 0 {
		first++
	}
	units := n.out[first]
	part := func(a *Args, _ []float32, from, to int) {
		dst := elements(a.Out[0])
		each := len(dst) / units
		n.elements(dst[from*each:to*each], elements(a.In[0]), first, from, to)
	}
	cost := float64(tensor.Count(n.out)) * perElement
	return func(a *Args) error {
		a.divide(units, cost, 0, part)
		return nil
	}
}

func (n *nearest[T]) axis(dst, src []T, axis int) { n.elements(dst, src, axis, 0, n.out[axis]) }

// elements sets dst to the elements begin ≤ i < end of an axis.
func (n *nearest[T]) elements(dst, src []T, axis, begin, end int) {
	table := n.tables[axis][begin:end]
	if axis == n.last && n.inner == 1 {
		for i, at := range table {
			if at < 0 {
				dst[i] = n.value[0]
			} else {
				dst[i] = src[at]
			}
		}
		return
	}
	from, to := len(src)/n.in[axis], len(dst)/len(table)
	for i, at := range table {
		d := dst[i*to : (i+1)*to]
		switch {
		case at < 0:
			for j := range d {
				d[j] = n.value[j%len(n.value)]
			}
		case i > 0 && table[i-1] == at:
			copy(d, dst[(i-1)*to:i*to])
		case axis == n.last:
			copy(d, src[int(at)*from:])
		default:
			n.axis(d, src[int(at)*from:(int(at)+1)*from], axis+1)
		}
	}
}

// A resizeFloat interpolates.
type resizeFloat struct {
	outside float64
	tables  []*resizeTable
	in      []int
	size    int // elements of the largest tensor on the way
}

func resizeKernel[T kernel.Float](f *resizeFloat) Kernel {
	return func(a *Args) error {
		src, work := slice[T](a.In[0]), tensor.As[T](a.Work)
		var shape [MaxRank]int
		copy(shape[:], f.in)
		rank := len(f.in)
		for i, t := range f.tables {
			out := len(t.index) / t.taps
			n := len(src) / shape[t.axis] * out
			dst := slice[T](a.Out[0])
			if i < len(f.tables)-1 {
				dst = work[i%2*f.size:][:n]
			}
			interpolate(t, dst, src, shape[t.axis], out, tensor.Count(shape[t.axis+1:rank]), T(f.outside))
			src, shape[t.axis] = dst, out
		}
		return nil
	}
}

// interpolate resizes an axis that has inner elements behind it.
func interpolate[T kernel.Float](t *resizeTable, dst, src []T, in, out, inner int, outside T) {
	for len(dst) > 0 {
		for i := range out {
			index, weights := t.index[i*t.taps:(i+1)*t.taps], t.weights[i*t.taps:(i+1)*t.taps]
			d := dst[i*inner : (i+1)*inner]
			if index[0] < 0 {
				kernel.Fill(d, outside)
				continue
			}
			if inner == 1 {
				sum := 0.0
				for j, at := range index {
					sum += weights[j] * float64(src[at])
				}
				d[0] = T(sum)
				continue
			}
			clear(d)
			for j, at := range index {
				if weights[j] != 0 {
					kernel.AddScaled(d, T(weights[j]), src[int(at)*inner:(int(at)+1)*inner])
				}
			}
		}
		dst, src = dst[out*inner:], src[in*inner:]
	}
}

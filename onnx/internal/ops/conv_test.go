package ops_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A slide is how a window moves over images of one to three axes: of the input for a convolution and for pools, of the
// output for a transposed convolution.
type slide struct {
	image, out, size, stride, dilation, before, after []int
}

func newSlide(r *rand.Rand) *slide {
	s := &slide{}
	for range 1 + r.IntN(3) {
		size, dilation := 1+r.IntN(3), 1+r.IntN(2)
		span := dilation*(size-1) + 1
		before, after := r.IntN(span), r.IntN(span)
		image := max(1, span-before-after) + r.IntN(9)
		stride := 1 + r.IntN(3)
		s.image, s.size, s.stride, s.dilation = append(s.image, image), append(s.size, size), append(s.stride, stride), append(s.dilation, dilation)
		s.before, s.after = append(s.before, before), append(s.after, after)
		s.out = append(s.out, (image+before+after-span)/stride+1)
	}
	return s
}

// each calls fn for each pixel of the output, each element of the window, and the pixel of the image that is there.
func (s *slide) each(fn func(out, window, pixel int)) {
	for o := range tensor.Count(s.out) {
		for k := range tensor.Count(s.size) {
			pixel, inside, restO, restK := 0, true, o, k
			scale := 1
			for axis := len(s.out) - 1; axis >= 0; axis-- {
				i := restO%s.out[axis]*s.stride[axis] + restK%s.size[axis]*s.dilation[axis] - s.before[axis]
				inside = inside && i >= 0 && i < s.image[axis]
				pixel += i * scale
				scale *= s.image[axis]
				restO, restK = restO/s.out[axis], restK/s.size[axis]
			}
			if inside {
				fn(o, k, pixel)
			}
		}
	}
}

func (s *slide) attributes() map[string]any {
	return map[string]any{"strides": s.stride, "dilations": s.dilation, "pads": append(append([]int{}, s.before...), s.after...)}
}

// TestConvolutions compares convolutions, transposed ones and pools of random forms with sums as they are written.
func TestConvolutions(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 2))
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			if seed%4 == 0 {
				testConvolution[float64](t, r)
				testPool[float64](t, r)
			} else {
				testConvolution[float32](t, r)
				testPool[float32](t, r)
			}
		})
	}
}

func testConvolution[T float32 | float64](t *testing.T, r *rand.Rand) {
	s := newSlide(r)
	batch, groups := 1+r.IntN(2), 1+r.IntN(3)
	in, out := 1+r.IntN(4), 1+r.IntN(5) // channels of a group
	if r.IntN(4) == 0 {                 // depthwise, with as many channels as fill a vector
		groups, in, out = 1+r.IntN(40), 1, 1
	}
	image, window, pixels := tensor.Count(s.image), tensor.Count(s.size), tensor.Count(s.out)
	x := random[T](r, append([]int{batch, groups * in}, s.image...)...)
	w := random[T](r, append([]int{groups * out, in}, s.size...)...)
	bias := random[T](r, groups*out)
	back := random[T](r, append([]int{batch, groups * out}, s.out...)...)
	backBias := random[T](r, groups*in)
	fx, fw, fb, fy, fc := floats[T](x), floats[T](w), floats[T](bias), floats[T](back), floats[T](backBias)
	forward, backward := make([]float64, batch*groups*out*pixels), make([]float64, batch*groups*in*image)
	for i := range forward {
		forward[i] = fb[i/pixels%len(fb)]
	}
	for i := range backward {
		backward[i] = fc[i/image%len(fc)]
	}
	s.each(func(o, k, p int) {
		for n := range batch * groups {
			for i := range in {
				for j := range out {
					v := fw[((n%groups*out+j)*in+i)*window+k]
					forward[(n*out+j)*pixels+o] += fx[(n*in+i)*image+p] * v
					backward[(n*in+i)*image+p] += fy[(n*out+j)*pixels+o] * v
				}
			}
		}
	})
	attrs := s.attributes()
	attrs["group"] = groups
	for _, constants := range []bool{false, true} {
		near[T](t, forward, compute(t, "Conv", 11, attrs, 1, constants, x, w, bias)[0], *s, groups, constants)
	}
	// What is left over of the image behind the last window belongs to the transposed convolution too.
	extra := make([]int, len(s.image))
	for i := range extra {
		extra[i] = s.image[i] - ((s.out[i]-1)*s.stride[i] + s.dilation[i]*(s.size[i]-1) + 1 - s.before[i] - s.after[i])
	}
	attrs["output_padding"] = extra
	for _, constants := range []bool{false, true} {
		near[T](t, backward, compute(t, "ConvTranspose", 11, attrs, 1, constants, back, w, backBias)[0], *s, groups, constants)
	}
}

func testPool[T float32 | float64](t *testing.T, r *rand.Rand) {
	s := newSlide(r)
	planes := 1 + r.IntN(5)
	image, pixels := tensor.Count(s.image), tensor.Count(s.out)
	x := random[T](r, append([]int{1, planes}, s.image...)...)
	fx := floats[T](x)
	largest, sum, count := make([]float64, planes*pixels), make([]float64, planes*pixels), make([]float64, planes*pixels)
	s.each(func(o, k, p int) {
		for n := range planes {
			at, v := n*pixels+o, fx[n*image+p]
			if count[at] == 0 || v > largest[at] {
				largest[at] = v
			}
			sum[at] += v
			count[at]++
		}
	})
	for i := range count {
		if count[i] == 0 {
			return // a window with padding only: nothing is said about it
		}
	}
	attrs := s.attributes()
	attrs["kernel_shape"] = s.size
	near[T](t, largest, compute(t, "MaxPool", 12, attrs, 1, false, x)[0], *s)
	all := make([]float64, len(sum))
	for i := range sum {
		all[i] = sum[i] / float64(tensor.Count(s.size))
		sum[i] /= count[i]
	}
	near[T](t, sum, compute(t, "AveragePool", 22, attrs, 1, false, x)[0], *s)
	attrs["count_include_pad"] = 1
	near[T](t, all, compute(t, "AveragePool", 22, attrs, 1, false, x)[0], *s)
}

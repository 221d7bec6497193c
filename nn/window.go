package nn

import (
	"fmt"
	"strings"

	"github.com/allocarrays/allocarrays-go/internal/conv"
)

// A Window says which part of an image [Conv2D], [MaxPool2D] and [AvgPool2D] read
// for one pixel of their output, and how that part moves over the image. Each field
// has a value for the height and one for the width, in pixels.
type Window struct {
	Size     [2]int // the pixels that it covers
	Stride   [2]int // how far it moves; 0 means 1 in a convolution, and Size in pooling
	Padding  [2]int // the pixels added on either side of the image
	Dilation [2]int // the distance between its pixels; 0 means 1; pooling has none
}

// Square returns a window of size×size pixels with the default stride and no
// padding. Its methods return variants, as in Square(3).Strided(2).Padded(1).
func Square(size int) Window { return Window{Size: [2]int{size, size}} }

// Strided returns w with the stride n in both directions.
func (w Window) Strided(n int) Window {
	w.Stride = [2]int{n, n}
	return w
}

// Padded returns w with n pixels of padding on all four sides.
func (w Window) Padded(n int) Window {
	w.Padding = [2]int{n, n}
	return w
}

// Dilated returns w with the dilation n in both directions.
func (w Window) Dilated(n int) Window {
	w.Dilation = [2]int{n, n}
	return w
}

// String describes w, as in 3×3 stride 2×2 padding 1×1, without fields that have
// their default.
func (w Window) String() string {
	var b strings.Builder
	b.WriteString(shapeText(w.Size[:]))
	write := func(name string, v, usual [2]int) {
		if v != usual && v != [2]int{} {
			fmt.Fprintf(&b, " %s %s", name, shapeText(v[:]))
		}
	}
	write("stride", w.Stride, [2]int{})
	write("padding", w.Padding, [2]int{})
	write("dilation", w.Dilation, [2]int{1, 1})
	return b.String()
}

// withDefaults returns w with defaults for the zeros that mean them.
func (w Window) withDefaults(stride [2]int) Window {
	for axis := range 2 {
		if w.Stride[axis] == 0 {
			w.Stride[axis] = stride[axis]
		}
		if w.Dilation[axis] == 0 {
			w.Dilation[axis] = 1
		}
	}
	return w
}

// unpadded returns w, with its defaults, as package conv has it.
func (w Window) unpadded() conv.Window {
	return conv.Window{Size: w.Size, Stride: w.Stride, Dilation: w.Dilation}
}

// check returns an error if w, with its defaults, is invalid.
func (w Window) check() error {
	for axis := range 2 {
		if w.Size[axis] < 1 || w.Stride[axis] < 1 || w.Padding[axis] < 0 || w.Dilation[axis] < 1 {
			return fmt.Errorf("invalid window %v: size, stride and dilation must be positive, padding not negative", w)
		}
	}
	return nil
}

// positions returns how many positions w has along one axis of a padded image, 0
// if it does not fit. It is PyTorch's formula,
// ⌊(length + 2·padding - dilation·(size-1) - 1) / stride⌋ + 1.
func (w Window) positions(axis, length int) int {
	room := length + 2*w.Padding[axis] - w.Dilation[axis]*(w.Size[axis]-1) - 1
	if length < 1 || room < 0 {
		return 0
	}
	return room/w.Stride[axis] + 1
}

// fit returns the height and the width of the result for a batch of images, or 0 if
// x is not a batch of images or w does not fit.
func (w Window) fit(x Tensor) (height, width int) {
	if x.Rank() != 4 {
		return 0, 0
	}
	return w.fitSize(x.Dim(1), x.Dim(2))
}

// fitSize is fit for images of that size.
func (w Window) fitSize(height, width int) (int, int) {
	height, width = w.positions(0, height), w.positions(1, width)
	if height == 0 || width == 0 {
		return 0, 0
	}
	return height, width
}

// outputShape is the OutputShape of a layer from in to out channels; in may be
// "channels" for any, of which there are as many in the output.
func (w Window) outputShape(sample []int, in string, out int) ([]int, error) {
	if len(sample) != 3 {
		return nil, fmt.Errorf("takes samples of height×width×%s, not %s", in, shapeText(sample))
	}
	h, wd := w.positions(0, sample[0]), w.positions(1, sample[1])
	if h == 0 || wd == 0 {
		return nil, fmt.Errorf("takes samples into which its window fits, not %s", shapeText(sample))
	}
	return []int{h, wd, out}, nil
}

// misfit returns, for a panic, why a layer does not take the input x.
func misfit(layer Shaper, x Tensor) string {
	reason := "no batch"
	if x.Rank() > 0 {
		if _, err := layer.OutputShape(x.Shape()[1:]); err != nil {
			reason = err.Error()
		}
	}
	return fmt.Sprintf("nn: %v: input of shape %s: %s", layer, shapeText(x.Shape()), reason)
}

// A plane is the size of an image.
type plane struct{ height, width, channels int }

func (p plane) line() int { return p.width * p.channels }
func (p plane) len() int  { return p.height * p.line() }

package nn

import (
	"context"
	"fmt"
	"math"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// rowsPerCall is how many rows a product should have: if an image gives fewer
// pixels, a product takes several images. Eight images of 4×4×64 under 128 filters
// of 4×4, which give one pixel each, take less than half of the time together, as
// the filters are read once for all. From nine pixels on it makes no difference.
const rowsPerCall = 256

// mulRows convolves the images of x, padded and contiguous, into y. Nothing is
// copied: gemm reads the patch under each position of the window in place, from
// tables of offsets that are the same for every image.
func (c *Conv2D) mulRows(ctx context.Context, y, x Tensor, f *filters, act gemm.Activation) {
	batch, pixels, in := x.Dim(0), y.Dim(1)*y.Dim(2), x.Dim(1)*x.Dim(2)*x.Dim(3)
	if in > math.MaxInt32 {
		panic(fmt.Sprintf("nn: %v: image of %d elements, padding included, want at most %d", c, in, math.MaxInt32))
	}
	group := min(batch, max(1, min(rowsPerCall/pixels, math.MaxInt32/in)))
	rows, segs := c.rowOffsets(ctx, x, y, group), c.segmentOffsets(ctx, x)
	out, a, b := y.Data(), x.Data(), pixels*c.Out()
	for n := 0; n < batch; n += group {
		g := min(group, batch-n)
		f.packed.MulRows(out[n*b:(n+g)*b], c.Out(), a[n*in:(n+g)*in], rows[:g*pixels], segs, f.bias, act)
	}
}

// rowOffsets returns where the patch of each output pixel of some images begins, in
// elements from the first of these images.
func (c *Conv2D) rowOffsets(ctx context.Context, x, y Tensor, images int) []int32 {
	rows := offsets(ctx, images*y.Dim(1)*y.Dim(2))
	height, width := y.Dim(1), y.Dim(2)
	line := x.Dim(2) * x.Dim(3)
	down, right := c.window.Stride[0]*line, c.window.Stride[1]*x.Dim(3)
	i := 0
	for n := range images {
		for r := range height {
			for s := range width {
				rows[i] = int32(n*x.Dim(1)*line + r*down + s*right)
				i++
			}
		}
	}
	return rows
}

// segmentOffsets returns where the contiguous segments of a patch begin, relative
// to the patch: one for each line of the window, or for each of its pixels if they
// are apart.
func (c *Conv2D) segmentOffsets(ctx context.Context, x Tensor) []int32 {
	w, line := c.window, x.Dim(2)*x.Dim(3)
	perLine := w.Size[1]
	if w.Dilation[1] == 1 {
		perLine = 1
	}
	segs := offsets(ctx, w.Size[0]*perLine)
	for i := range segs {
		segs[i] = int32(i/perLine*w.Dilation[0]*line + i%perLine*w.Dilation[1]*x.Dim(3))
	}
	return segs
}

// offsets returns a table in memory from ctx. Filling it for every batch is cheaper
// than keeping one for every shape.
func offsets(ctx context.Context, n int) []int32 {
	return allocarray.AllocArray[int32]{}.Similar(ctx, n).Data()
}

// pad returns the images of x, contiguous and surrounded by zeros: x itself if it is
// contiguous and there is no padding.
func (w Window) pad(ctx context.Context, x Tensor) Tensor {
	if w.Padding == [2]int{} {
		if !x.IsContiguous() {
			return x.Clone(ctx)
		}
		return x
	}
	top, left, height, width := w.Padding[0], w.Padding[1], x.Dim(1), x.Dim(2)
	p := x.Similar(ctx, x.Dim(0), height+2*top, width+2*left, x.Dim(3))
	p.Fill(0)
	x.CopyTo(p.Slice(1, top, top+height).Slice(2, left, left+width))
	return p
}

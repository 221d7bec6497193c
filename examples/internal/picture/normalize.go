package picture

import (
	"context"
	"fmt"
	"image"
	"math"

	"github.com/allocarrays/allocarrays-go/scope"
)

// Size is the width and height of the result in pixels, box that of the part
// that the digit is fitted into, and middle where its centre of mass goes: the
// centre of the pixel with the index 14. All three are MNIST's.
const (
	Size   = 28
	box    = 20
	middle = 14.5
)

// Normalize turns a picture of a digit into Size·Size pixels in the convention
// of MNIST, row by row, 0 paper to 255 ink: grey, what is transparent on white;
// paper at 0 and the darkest (on dark paper, the lightest) ink at 255; noise and
// specks removed; the digit cropped and scaled to a box of 20x20 by averaging
// areas, its proportions kept; its centre of mass in the middle.
//
// A picture without pixels, with more than 64 megapixels or without ink is an
// error that begins with "picture: ". The picture is not changed. All temporary memory
// comes from ctx, a byte for each pixel and less than 256 KiB for the rest, and may be
// released when Normalize returns.
func Normalize(ctx context.Context, img image.Image) ([Size * Size]byte, error) {
	digit, err := normalize(ctx, img)
	if err != nil {
		return digit, fmt.Errorf("picture: %w", err)
	}
	return digit, nil
}

func normalize(ctx context.Context, img image.Image) (digit [Size * Size]byte, err error) {
	if err := checkSize(img.Bounds().Dx(), img.Bounds().Dy(), maxPixels); err != nil {
		return digit, err
	}
	g := newGrey(ctx, img)
	if err := g.ink(); err != nil {
		return digit, err
	}
	r := g.crop(ctx)
	if r.Empty() {
		return digit, errBlank
	}
	return g.fit(ctx, r).centre(), nil
}

// fit scales the part r of g to touch the box, and its strongest pixel to 255:
// averaging leaves only a trace of a line finer than a pixel of the result.
func (g grey) fit(ctx context.Context, r image.Rectangle) grey {
	longer := max(r.Dx(), r.Dy())
	small := grey{width: scaled(r.Dx(), longer), height: scaled(r.Dy(), longer)}
	mean := scope.Make[float64](ctx, small.width*small.height)
	peak := 0.0
	for i := range mean {
		mean[i] = g.mean(r, i%small.width, small.width, i/small.width, small.height)
		peak = max(peak, mean[i])
	}
	small.pix = scope.Make[byte](ctx, len(mean))
	for i, v := range mean {
		small.pix[i] = byte(255*v/peak + 0.5)
	}
	return small
}

// scaled returns the length n when the longer side becomes that of the box.
func scaled(n, longer int) int { return max(1, (2*n*box+longer)/(2*longer)) }

// mean returns the mean ink of column i of columns and row j of rows that r is
// divided into, pixels on the dividing lines counted in proportion.
func (g grey) mean(r image.Rectangle, i, columns, j, rows int) float64 {
	x0, x1 := part(r.Min.X, r.Dx(), i, columns)
	y0, y1 := part(r.Min.Y, r.Dy(), j, rows)
	sum := 0.0
	for y := int(y0); float64(y) < y1; y++ {
		high := min(float64(y+1), y1) - max(float64(y), y0)
		for x := int(x0); float64(x) < x1; x++ {
			wide := min(float64(x+1), x1) - max(float64(x), x0)
			sum += wide * high * float64(g.pix[y*g.width+x])
		}
	}
	return sum / ((x1 - x0) * (y1 - y0))
}

// part returns the ends of part i of n of length from start. The end of the
// last part is exact: it must not reach a pixel outside.
func part(start, length, i, n int) (float64, float64) {
	at := func(i int) float64 { return float64(start) + float64(i*length)/float64(n) }
	return at(i), at(i + 1)
}

// centre places g, which fits into the box, so that its centre of mass is as
// close to the middle as whole pixels allow.
func (g grey) centre() (digit [Size * Size]byte) {
	var mass, mx, my float64
	for i, v := range g.pix {
		mass += float64(v)
		mx += float64(v) * (float64(i%g.width) + 0.5)
		my += float64(v) * (float64(i/g.width) + 0.5)
	}
	dx := max(0, min(Size-g.width, int(math.Round(middle-mx/mass))))
	dy := max(0, min(Size-g.height, int(math.Round(middle-my/mass))))
	for y := range g.height {
		copy(digit[(y+dy)*Size+dx:], g.pix[y*g.width:(y+1)*g.width])
	}
	return digit
}

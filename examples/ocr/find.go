package main

import (
	"cmp"
	"context"
	"image"
	"slices"

	"github.com/allocarrays/allocarrays-go/scope"
)

// What counts as text, by the defaults of PaddleOCR.
const (
	likely    = 0.3 // a pixel of text
	certain   = 0.6 // the mean of a box
	widening  = 1.5 // the network marks the core of a line: its box grows by this times area over outline
	thinnest  = 3   // pixels
	mostBoxes = 1000
)

// find returns the boxes around connected pixels of text, from top to bottom.
func find(ctx context.Context, p []float32, w, h int) []image.Rectangle {
	var boxes []image.Rectangle
	seen, stack := scope.Make[bool](ctx, w*h), scope.Make[int32](ctx, w*h)
	for start := range p {
		if seen[start] || p[start] < likely || len(boxes) == mostBoxes {
			continue
		}
		box := image.Rectangle{}
		seen[start] = true
		stack[0] = int32(start)
		var sum float32
		pixels := 0
		for n := 1; n > 0; {
			n--
			at := int(stack[n])
			pixels, sum = pixels+1, sum+p[at]
			x, y := at%w, at/w
			box = box.Union(image.Rect(x, y, x+1, y+1))
			for _, next := range [4]image.Point{{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}} {
				if i := next.Y*w + next.X; next.In(image.Rect(0, 0, w, h)) && !seen[i] && p[i] >= likely {
					seen[i] = true // so every pixel is on the stack once
					stack[n] = int32(i)
					n++
				}
			}
		}
		if sum < certain*float32(pixels) || min(box.Dx(), box.Dy()) < thinnest {
			continue
		}
		grow := int(widening*float64(box.Dx()*box.Dy())/float64(2*(box.Dx()+box.Dy())) + 0.5)
		boxes = append(boxes, box.Inset(-grow).Intersect(image.Rect(0, 0, w, h)))
	}
	return inOrder(boxes)
}

// inOrder sorts boxes as people read: boxes whose middles are less than half a line apart are side by side.
func inOrder(boxes []image.Rectangle) []image.Rectangle {
	middle := func(b image.Rectangle) int { return b.Min.Y + b.Max.Y }
	slices.SortFunc(boxes, func(a, b image.Rectangle) int { return cmp.Compare(middle(a), middle(b)) })
	for begin := 0; begin < len(boxes); {
		end := begin + 1
		for end < len(boxes) && middle(boxes[end])-middle(boxes[begin]) < boxes[begin].Dy() {
			end++
		}
		slices.SortFunc(boxes[begin:end], func(a, b image.Rectangle) int { return cmp.Compare(a.Min.X, b.Min.X) })
		begin = end
	}
	return boxes
}

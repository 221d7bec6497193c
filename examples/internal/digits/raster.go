package digits

import "math"

// raster collects, for each pixel, how far its centre lies within the ink:
// positive inside, negative outside, in pixels.
type raster [Size * Size]float64

// segment inks the way from a to b with a round pen whose radius changes
// steadily. Only pixels that it can reach are visited.
func (r *raster) segment(a, b dot) {
	reach := max(a.radius, b.radius) + 2
	x0, x1 := pixels(min(a.x, b.x)-reach, max(a.x, b.x)+reach)
	y0, y1 := pixels(min(a.y, b.y)-reach, max(a.y, b.y)+reach)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			centre := point{float64(x) + 0.5, float64(y) + 0.5}
			t := nearest(centre, a.point, b.point)
			on := mix(a.point, b.point, t)
			depth := a.radius + t*(b.radius-a.radius) - math.Hypot(centre.x-on.x, centre.y-on.y)
			r[y*Size+x] = max(r[y*Size+x], depth)
		}
	}
}

// pixels returns the range of pixels that overlap [low, high], cut to the image.
func pixels(low, high float64) (int, int) {
	return max(0, int(math.Floor(low))), min(Size, int(math.Ceil(high)))
}

// nearest returns where on the line from a (0) to b (1) p is closest.
func nearest(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	length := dx*dx + dy*dy
	if length == 0 {
		return 0
	}
	return max(0, min(1, ((p.x-a.x)*dx+(p.y-a.y)*dy)/length))
}

// centre moves the ink by whole pixels so that its centre of mass is as close
// to the middle of the image as can be without cutting anything off.
func centre(img [Size * Size]byte) [Size * Size]byte {
	var mass, mx, my float64
	x1, y1 := 0, 0 // the last column and row with ink
	for i, v := range img {
		x, y := i%Size, i/Size
		mass += float64(v)
		mx += float64(v) * (float64(x) + 0.5)
		my += float64(v) * (float64(y) + 0.5)
		if v > 0 {
			x1, y1 = max(x1, x), max(y1, y)
		}
	}
	dx := max(0, min(Size-1-x1, int(math.Round(middle-mx/mass))))
	dy := max(0, min(Size-1-y1, int(math.Round(middle-my/mass))))
	var moved [Size * Size]byte
	for y := range y1 + 1 {
		copy(moved[(y+dy)*Size+dx:(y+dy)*Size+Size], img[y*Size:y*Size+x1+1])
	}
	return moved
}

package ops

// A window is how convolutions and pooling move over the spatial axes of their input.
type window struct {
	in, out       []int // extents of the spatial axes
	size          []int // of the window
	stride        []int
	dilation      []int
	before, after []int // padding
}

// newWindow reads the attributes of a window over extents.
func newWindow(c *Call, in, size []int) *window {
	rank := len(in)
	w := &window{in: in, size: size, out: make([]int, rank), before: make([]int, rank), after: make([]int, rank)}
	w.stride, w.dilation = c.perAxis("strides", rank), c.perAxis("dilations", rank)
	if len(size) != rank {
		c.Fail("window %v for spatial axes %v", size, in)
	}
	for _, s := range size {
		if s <= 0 {
			c.Fail("window %v", size)
		}
	}
	return w
}

// perAxis returns an attribute with a positive number for each axis, 1 unless the node says it.
func (c *Call) perAxis(name string, rank int) []int {
	v, ok := c.Ints(name)
	if !ok {
		for range rank {
			v = append(v, 1)
		}
	}
	if len(v) != rank {
		c.Fail("attribute %q is %v for %d axes", name, v, rank)
	}
	for _, n := range v {
		if n <= 0 || n > 1<<30 {
			c.Fail("attribute %q is %v", name, v)
		}
	}
	return v
}

// pads reads the attribute for padding: ok is false if it is to be such that the output has a certain size.
func (w *window) pads(c *Call) (mode string, ok bool) {
	mode = c.String("auto_pad", "NOTSET")
	switch mode {
	case "NOTSET":
		if v, has := c.Ints("pads"); has {
			if len(v) != 2*len(w.in) {
				c.Fail("attribute \"pads\" is %v for %d axes", v, len(w.in))
			}
			copy(w.before, v)
			copy(w.after, v[len(w.in):])
		}
		return mode, true
	case "VALID":
		return mode, true
	case "SAME_UPPER", "SAME_LOWER":
		return mode, false
	}
	c.Unsupported("attribute \"auto_pad\" %q", mode)
	return "", false
}

// span is how many elements the window covers along an axis.
func (w *window) span(axis int) int { return w.dilation[axis]*(w.size[axis]-1) + 1 }

// fit sets the extents of the output; with ceil they are rounded up, if the last window begins inside.
func (w *window) fit(c *Call, ceil bool) {
	mode, given := w.pads(c)
	for i, d := range w.in {
		if !given {
			w.out[i] = (d + w.stride[i] - 1) / w.stride[i]
			total := max((w.out[i]-1)*w.stride[i]+w.span(i)-d, 0)
			w.before[i] = total / 2
			if mode == "SAME_LOWER" {
				w.before[i] = total - total/2
			}
			w.after[i] = total - w.before[i]
			continue
		}
		room := d + w.before[i] + w.after[i] - w.span(i)
		if room < 0 {
			if ceil && room > -w.stride[i] {
				room = 0
			} else {
				c.Fail("window %v with pads %v, %v does not fit into %v", w.size, w.before, w.after, w.in)
			}
		} else if ceil {
			room += w.stride[i] - 1
		}
		if w.out[i] = room/w.stride[i] + 1; ceil && (w.out[i]-1)*w.stride[i] >= d+w.before[i] {
			w.out[i]--
		}
	}
}

// inside returns which elements of the window at position i of an axis are inside the input: from first, count
// of them, the first of which is at.
func (w *window) inside(axis, i int) (first, count, at int) {
	at = i*w.stride[axis] - w.before[axis]
	step, n := w.dilation[axis], w.in[axis]
	if at < 0 {
		first = min((-at+step-1)/step, w.size[axis])
		at += first * step
	}
	if at < n {
		count = min(w.size[axis]-first, (n-at+step-1)/step)
	}
	return first, max(count, 0), at
}

// next moves an index over extents to the next one, the last axis first; false after the last.
func next(index *[MaxRank]int, extents []int) bool {
	for axis := len(extents) - 1; axis >= 0; axis-- {
		if index[axis]++; index[axis] < extents[axis] {
			return true
		}
		index[axis] = 0
	}
	return false
}

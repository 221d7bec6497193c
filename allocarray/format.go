package allocarray

import (
	"fmt"
	"strings"
)

// Long arrays are printed with their edges only, as NumPy does.
const (
	printWhole = 1000 // elements up to which an array is printed whole
	printEdge  = 3    // elements shown at each end of a shortened axis
)

// String formats the elements, each as fmt's %v does, as nested rows with aligned
// columns. Of an array
// with more than 1000 elements it shows the three first and last along each axis.
// A stale array is described, not printed.
func (a AllocArray[T]) String() string {
	if !a.Live() {
		return fmt.Sprintf("%s array whose scope has %s", a.text(), a.stamp.End())
	}
	if a.size() == 0 {
		return "[]" // whatever the shape, as NumPy's
	}
	p := printer[T]{a: &a, edge: maxInt}
	if a.Len() > printWhole {
		p.edge = printEdge
	}
	p.visit(0, 0, func(v T) { p.width = max(p.width, len(fmt.Sprint(v))) }, func(string) {})
	p.visit(0, 0, func(v T) { fmt.Fprintf(&p.out, "%*v", p.width, v) }, func(s string) { p.out.WriteString(s) })
	return p.out.String()
}

// printer formats one array.
type printer[T Element] struct {
	a     *AllocArray[T]
	edge  int
	width int
	out   strings.Builder
}

// visit calls element and text in the order of the output, for the part of the
// array below an axis, which begins at off.
func (p *printer[T]) visit(axis, off int, element func(T), text func(string)) {
	if axis == p.a.rank {
		element(p.a.data[off])
		return
	}
	text("[")
	n := p.a.shape[axis]
	for i := 0; i < n; i++ {
		if i > 0 {
			text(p.separator(axis))
		}
		if n > 2*p.edge && i == p.edge {
			text("..." + p.separator(axis))
			i = n - p.edge
		}
		p.visit(axis+1, off+i*p.a.stride[axis], element, text)
	}
	text("]")
}

// separator stands between elements, and, with as many line breaks as NumPy's,
// between rows and blocks of rows.
func (p *printer[T]) separator(axis int) string {
	below := p.a.rank - 1 - axis
	if below == 0 {
		return " "
	}
	return strings.Repeat("\n", below) + strings.Repeat(" ", axis+1)
}

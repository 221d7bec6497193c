package allocarray

import (
	"fmt"
	"math"
	"strings"
)

// Of long arrays only the edges are printed, as NumPy does.
const (
	printWhole = 1000 // elements up to which an array is printed whole
	printEdge  = 3    // elements shown at each end of a shortened axis
)

// String formats the elements, each as fmt's %v does, as nested rows with aligned
// columns. If a has more than 1000 elements, String shows only the first and the last
// three along each axis. For a stale array it says where the scope ended instead.
func (a AllocArray[T]) String() string {
	text := ""
	if a.Live() {
		text = a.format()
	}
	if !a.Live() { // also if it ended meanwhile
		return fmt.Sprintf("%s array whose scope has %s", a.text(), a.stamp.End())
	}
	return text
}

func (a AllocArray[T]) format() string {
	if a.Len() == 0 {
		return "[]" // for every shape, as NumPy does
	}
	p := printer[T]{a: &a, edge: math.MaxInt}
	if a.Len() > printWhole {
		p.edge = printEdge
	}
	p.visit(0, 0, func(v T) { p.width = max(p.width, len(fmt.Sprint(v))) }, func(string) {})
	p.visit(0, 0, func(v T) { fmt.Fprintf(&p.out, "%*v", p.width, v) }, func(s string) { p.out.WriteString(s) })
	return p.out.String()
}

// printer formats one array.
type printer[T Storage] struct {
	a     *AllocArray[T]
	edge  int
	width int
	out   strings.Builder
}

// visit calls element and text in the order of the output, for the part of the array
// that begins at off and has the axes from axis on.
func (p *printer[T]) visit(axis, off int, element func(T), text func(string)) {
	if axis == p.a.rank {
		element(p.a.elements()[off])
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

// separator returns what stands between neighbours on an axis: a space between
// elements, and as many line breaks as in NumPy between rows and blocks of rows.
func (p *printer[T]) separator(axis int) string {
	below := p.a.rank - 1 - axis
	if below == 0 {
		return " "
	}
	return strings.Repeat("\n", below) + strings.Repeat(" ", axis+1)
}

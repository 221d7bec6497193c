package ops

import (
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

func init() {
	register("Einsum", einsum, 12)
}

// An equation is Einstein's summation convention for some operands: for each label its extent and how far apart
// elements are in the output and in the operands.
type equation struct {
	labels  []rune
	extents []int
	strides [4][]int // the output first, 0 where it does not have the label
	output  []int    // labels of the output
}

// ellipsis is the label of the last axis of an ellipsis; those before it count down.
const ellipsis = rune(-1)

// terms divides one side of an equation into labels; rest is how many axes an ellipsis stands for.
func terms(c *Call, side string, rest int) []rune {
	var list []rune
	for side != "" {
		switch r := rune(side[0]); {
		case strings.HasPrefix(side, "..."):
			for i := range rest {
				list = append(list, ellipsis-rune(rest-1-i))
			}
			side = side[3:]
			continue
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			list = append(list, r)
		default:
			c.Fail("equation with %q", side)
		}
		side = side[1:]
	}
	return list
}

func parseEquation(c *Call, text string) *equation {
	text = strings.ReplaceAll(text, " ", "")
	left, right, explicit := strings.Cut(text, "->")
	sides := strings.Split(left, ",")
	if len(sides) != len(c.In) {
		c.Fail("equation %q for %d inputs", text, len(c.In))
	}
	if len(sides) > 3 {
		c.Unsupported("%d operands", len(sides))
	}
	e, widest := &equation{}, 0
	operands, count := make([][]rune, len(sides)), map[rune]int{}
	for i, side := range sides {
		x := c.Input(i)
		rest := 0
		if strings.Contains(side, "...") {
			rest = max(0, x.Rank()-(len(side)-3))
			widest = max(widest, rest)
		}
		operands[i] = terms(c, side, rest)
		if len(operands[i]) != x.Rank() || strings.Count(side, "...") > 1 {
			c.Fail("equation %q for %v", text, x)
		}
		for j, l := range operands[i] {
			count[l]++
			at := slices.Index(e.labels, l)
			if at < 0 {
				e.labels, e.extents = append(e.labels, l), append(e.extents, 1)
				at = len(e.labels) - 1
			}
			if d := x.Shape[j]; e.extents[at] == 1 {
				e.extents[at] = d
			} else if d != 1 && d != e.extents[at] {
				c.Fail("equation %q: extents %d and %d of the same axis", text, e.extents[at], d)
			}
		}
	}
	var out []rune
	if explicit {
		out = terms(c, right, widest)
	} else {
		out = terms(c, "...", widest)
		once := slices.Sorted(slices.Values(e.labels))
		for _, l := range once {
			if l >= 0 && count[l] == 1 {
				out = append(out, l)
			}
		}
	}
	shape := make([]int, len(out))
	for i, l := range out {
		at := slices.Index(e.labels, l)
		if at < 0 || slices.Contains(out[:i], l) {
			c.Fail("equation %q", text)
		}
		shape[i] = e.extents[at]
		e.output = append(e.output, at)
	}
	c.Declare(0, c.In[0].Type, shape...)
	for k := range e.strides {
		e.strides[k] = make([]int, len(e.labels))
	}
	for i, s := range rowMajor(shape) {
		e.strides[0][e.output[i]] = s
	}
	for k, labels := range operands {
		for i, s := range rowMajor(c.In[k].Shape) {
			if c.In[k].Shape[i] != 1 {
				e.strides[k+1][slices.Index(e.labels, labels[i])] += s // a diagonal, if the label comes twice
			}
		}
	}
	return e
}

// walkOver returns the walk over labels.
func (e *equation) walkOver(labels []int) *walk {
	pick := func(v []int) []int {
		var list []int
		for _, l := range labels {
			list = append(list, v[l])
		}
		return list
	}
	return newWalk(pick(e.extents), pick(e.strides[0]), pick(e.strides[1]), pick(e.strides[2]), pick(e.strides[3]))
}

func einsum(c *Call) {
	for i := range c.In {
		if x := c.Input(i); x.Type != c.In[0].Type {
			c.Fail("inputs of types %v and %v", c.In[0].Type, x.Type)
		}
	}
	if len(c.In) == 0 {
		c.Fail("no inputs")
	}
	e, t := parseEquation(c, c.String("equation", "")), c.In[0].Type
	if m, ok := e.matrices(); ok && len(c.In) == 2 {
		c.Kernel = forNumbers(c, t, kernels{f32: einsumProduct[float32](m), f64: einsumProduct[float64](m)})
		return
	}
	all := slices.Clone(e.output)
	axes := 0
	for l, d := range e.extents {
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
		if d != 1 {
			axes++
		}
	}
	if axes > MaxRank {
		c.Unsupported("%d axes", axes)
	}
	w, n := e.walkOver(all), len(c.In)
	c.Kernel = forNumbers(c, t, kernels{f32: einsumKernel[float32](w, n), f64: einsumKernel[float64](w, n), i32: einsumKernel[int32](w, n),
		i64: einsumKernel[int64](w, n), u32: einsumKernel[uint32](w, n), u64: einsumKernel[uint64](w, n)})
}

func einsumKernel[T tensor.Number](w *walk, operands int) Kernel {
	return func(a *Args) error {
		dst := slice[T](a.Out[0])
		clear(dst)
		var x [3][]T
		for i := range operands {
			x[i] = slice[T](a.In[i])
		}
		w.each(func(at [4]int) {
			for range w.n {
				v := x[0][at[1]]
				if operands > 1 {
					v *= x[1][at[2]]
				}
				if operands > 2 {
					v *= x[2][at[3]]
				}
				dst[at[0]] += v
				for k := range at {
					at[k] += w.step[k]
				}
			}
		})
		return nil
	}
}

// einsumMatrices is an equation of two operands as products of matrices.
type einsumMatrices struct {
	w          *walk // over the matrices
	swap       bool  // the second operand comes first
	m, k, n    int
	ldc        int
	aRow, aCol int
	bRow, bCol int
}

// matrices finds the axes of matrices, if there is at most one to sum over: ok is false if there is no way.
func (e *equation) matrices() (m *einsumMatrices, ok bool) {
	rows, columns, inner := -1, -1, -1
	var outer []int
	for l, d := range e.extents {
		out, a, b := e.strides[0][l] != 0 && d > 1, e.strides[1][l] != 0, e.strides[2][l] != 0
		switch {
		case d == 1:
		case !out && slices.Contains(e.output, l): // an empty output
			return nil, false
		case !out && a && b && inner < 0:
			inner = l
		case !out:
			return nil, false
		case a && !b && (rows < 0 || e.strides[0][l] < e.strides[0][rows]):
			rows = l
		case b && !a && (columns < 0 || e.strides[0][l] < e.strides[0][columns]):
			columns = l
		}
	}
	if rows < 0 || columns < 0 || inner < 0 || slices.Contains(e.extents, 0) {
		return nil, false
	}
	for _, l := range e.output {
		if l != rows && l != columns {
			outer = append(outer, l)
		}
	}
	m = &einsumMatrices{w: e.walkOver(outer)}
	a, b := 1, 2
	switch {
	case e.strides[0][columns] == 1:
	case e.strides[0][rows] == 1:
		m.swap, a, b, rows, columns = true, 2, 1, columns, rows
	default:
		return nil, false
	}
	m.m, m.k, m.n, m.ldc = e.extents[rows], e.extents[inner], e.extents[columns], e.strides[0][rows]
	m.aRow, m.aCol, m.bRow, m.bCol = e.strides[a][rows], e.strides[a][inner], e.strides[b][inner], e.strides[b][columns]
	return m, true
}

func einsumProduct[T kernel.Float](m *einsumMatrices) Kernel {
	return func(a *Args) error {
		dst, x, y := slice[T](a.Out[0]), slice[T](a.In[0]), slice[T](a.In[1])
		i, j := 1, 2
		if m.swap {
			x, y, i, j = y, x, 2, 1
		}
		m.w.each(func(at [4]int) {
			for k := range m.w.n {
				product(dst[at[0]+k*m.w.step[0]:], m.ldc, x[at[i]+k*m.w.step[i]:], m.aRow, m.aCol, y[at[j]+k*m.w.step[j]:], m.bRow, m.bCol, m.m, m.k, m.n)
			}
		})
		return nil
	}
}

package nn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A Chain is a [Layer] that applies layers one after the other. Create one with
// [NewChain].
type Chain struct {
	in, out []int // shapes of a sample; out is nil if unknown
	layers  []Layer
	shapes  [][]int // of the outputs of the first layers, as far as they are known
	steps   []step  // what Forward computes: layers, some of them together; see fuse
}

var (
	_ Parametric = (*Chain)(nil)
	_ Shaper     = (*Chain)(nil)
)

// NewChain returns the chain of the layers for samples of the shape in, which has
// no batch axis. It returns an error that names the layer if a layer does not take
// the output of the one before it, or if two parameters have the same name. The
// same layer may stand in several places; it has the same weights in all of them.
// NewChain does not check shapes after a layer that is not a [Shaper].
func NewChain(in []int, layers ...Layer) (*Chain, error) {
	c := &Chain{in: slices.Clone(in), layers: slices.Clone(layers)}
	if slices.ContainsFunc(in, func(d int) bool { return d <= 0 }) {
		return nil, fmt.Errorf("nn: NewChain: sample shape %s: lengths must be positive", shapeText(in))
	}
	if i := slices.Index(layers, nil); i >= 0 {
		return nil, fmt.Errorf("nn: NewChain: layer %d is nil", i)
	}
	if err := c.checkShapes(); err != nil {
		return nil, err
	}
	if err := c.checkNames(); err != nil {
		return nil, err
	}
	c.steps = stepsOf(c.layers)
	return c, nil
}

// checkShapes sets the shapes, up to the first layer that does not know its own.
func (c *Chain) checkShapes() error {
	shapes, err := shapesOf(c.layers, c.in)
	if err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	if c.shapes = shapes; len(shapes) == len(c.layers) {
		c.out = last(shapes, c.in)
	}
	return nil
}

func (c *Chain) checkNames() error {
	seen := map[string]bool{}
	for _, p := range c.Parameters() {
		if seen[p.Name] {
			return fmt.Errorf("nn: two parameters are called %q", p.Name)
		}
		seen[p.Name] = true
	}
	return nil
}

// describe returns one line about a layer: the first that its String returns, or its
// type.
func describe(l Layer) string {
	if s, ok := l.(fmt.Stringer); ok {
		line, _, _ := strings.Cut(s.String(), "\n")
		return line
	}
	return fmt.Sprintf("%T", l)
}

// String describes the chain as a table: a line for each layer with the shape of
// its output for one sample, the number of its parameters and their size in bytes,
// and a line for all of them together. A shape that is not known is "?".
func (c *Chain) String() string { return c.table(c.in, c.shapes) }

// Summary returns the table of String for samples of another shape, such as larger images or
// longer sequences, or an error if a length is not positive or a layer does not take them.
func (c *Chain) Summary(sample ...int) (string, error) {
	if slices.ContainsFunc(sample, func(d int) bool { return d <= 0 }) {
		return "", fmt.Errorf("nn: Summary: sample shape %s: lengths must be positive", shapeText(sample))
	}
	shapes, err := shapesOf(c.layers, sample)
	if err != nil {
		return "", fmt.Errorf("nn: %w", err)
	}
	return c.table(sample, shapes), nil
}

func (c *Chain) table(in []int, shapes [][]int) string {
	out := "?"
	if len(shapes) == len(c.layers) {
		out = shapeText(last(shapes, in))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Chain %s→%s\n", shapeText(in), out)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(first, what, shape string, l Layer) {
		n := count(l)
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", first, what, shape, n, 4*n)
	}
	fmt.Fprintln(w, "\tlayer\toutput\tparameters\tbytes")
	for i, l := range c.layers {
		shape := "?"
		if i < len(shapes) {
			shape = shapeText(shapes[i])
		}
		row(strconv.Itoa(i), describe(l), shape, l)
	}
	row("", "all", out, c)
	w.Flush() // into memory: it cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// count returns the number of elements of the parameters of l.
func count(l Layer) (n int) {
	if p, ok := l.(Parametric); ok {
		for _, q := range p.Parameters() {
			n += q.Value.Len()
		}
	}
	return n
}

// Forward applies the layers to x, which is a batch of samples. It panics if a layer
// does not take its input; see [Chain.CheckInput].
//
// What one layer returns and the next has read is released, and written over by an activation or a norm
// behind it, if neither keeps it: see [Forgetful]. So with an allocator that takes arrays back,
// such as package plan/replay's, a chain needs memory for about two of them at a time.
func (c *Chain) Forward(ctx context.Context, x Tensor) Tensor {
	// If ours, the chain made x: it is made, or a view of it, and nothing else needs it.
	ours, made := false, Tensor{}
	for i := range c.steps {
		s := &c.steps[i]
		if ours && s.overwrite != nil && x.IsContiguous() {
			s.overwrite(x)
			continue
		}
		y := s.Forward(ctx, x)
		switch {
		case !s.forgets:
			ours, made = false, Tensor{}
		case !sharesMemory(x, y):
			if ours {
				release(ctx, made)
			}
			ours, made = true, y
		}
		x = y
	}
	return x
}

// CheckInput returns an error if x is not a batch of the samples that the chain was
// built for.
func (c *Chain) CheckInput(x Tensor) error {
	if x.Rank() == 0 || !slices.Equal(x.Shape()[1:], c.in) {
		return fmt.Errorf("nn: input of shape %s, want batch×%s", shapeText(x.Shape()), shapeText(c.in))
	}
	return nil
}

// OutputShape returns the shape that a sample becomes.
func (c *Chain) OutputShape(sample []int) ([]int, error) {
	if !slices.Equal(sample, c.in) {
		return nil, fmt.Errorf("takes samples of %s, not %s", shapeText(c.in), shapeText(sample))
	}
	if c.out == nil {
		return nil, errors.New("does not know the shape of its output")
	}
	return slices.Clone(c.out), nil
}

// Layers returns the layers in order.
func (c *Chain) Layers() []Layer { return slices.Clone(c.layers) }

// Parameters returns the weights of all layers, and those of a layer that stands in
// several places only once.
func (c *Chain) Parameters() (all []Parameter) {
	seen := map[string]Parameter{}
	for _, l := range c.layers {
		p, ok := l.(Parametric)
		if !ok {
			continue
		}
		for _, q := range p.Parameters() {
			if !sharesElements(seen[q.Name].Value, q.Value) {
				all = append(all, q)
				seen[q.Name] = q
			}
		}
	}
	return all
}

// sharesElements reports whether a and b are the same weight of the same layer.
func sharesElements(a, b Tensor) bool {
	return a.Rank() > 0 && a.Len() > 0 && b.Len() > 0 && &a.Data()[0] == &b.Data()[0]
}

// ParametersChanged prepares the weights of all layers for Forward.
func (c *Chain) ParametersChanged() {
	for _, l := range c.layers {
		if p, ok := l.(Parametric); ok {
			p.ParametersChanged()
		}
	}
	c.steps = stepsOf(c.layers)
}

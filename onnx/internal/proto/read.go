package proto

import (
	"fmt"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Read reads a model from the contents of a file. It keeps the buffer, and changes it.
func Read(file []byte) (*Model, error) {
	r := &reader{file: file}
	m := &Model{Size: len(file)}
	if err := r.model(m); err != nil {
		return nil, err
	}
	if m.Graph == nil {
		return nil, malformed("there is no graph")
	}
	return m, nil
}

// ReadTensor reads a file that is one tensor, as those of test data are.
func ReadTensor(file []byte) (*Tensor, error) {
	r := &reader{file: file}
	return r.tensor(span{0, len(file)})
}

func (r *reader) model(m *Model) error {
	return r.each(span{0, len(r.file)}, func(f field) (err error) {
		switch f.num {
		case 1:
			return r.int(&m.IRVersion, f)
		case 2:
			return r.string(&m.Producer, f)
		case 3:
			return r.string(&m.ProducerVersion, f)
		case 4:
			return r.string(&m.Domain, f)
		case 5:
			return r.int(&m.Version, f)
		case 7: // a message that comes twice is one, whose parts are put together
			if m.Graph == nil {
				m.Graph = &Graph{}
			}
			return r.graph(m.Graph, f)
		case 8:
			return r.opset(&m.Opsets, f)
		case 14:
			return r.entry(&m.Metadata, f)
		case 25:
			return r.function(m, f)
		}
		return nil
	})
}

func (r *reader) opset(dst *[]Opset, f field) error {
	msg, err := r.message(f)
	if err != nil {
		return err
	}
	var o Opset
	err = r.each(msg, func(f field) error {
		switch f.num {
		case 1:
			return r.string(&o.Domain, f)
		case 2:
			return r.int(&o.Version, f)
		}
		return nil
	})
	if o.Domain == "ai.onnx" {
		o.Domain = ""
	}
	*dst = append(*dst, o)
	return within("opset_import", err)
}

func (r *reader) entry(dst *[]Entry, f field) error {
	msg, err := r.message(f)
	if err != nil {
		return err
	}
	var e Entry
	err = r.each(msg, func(f field) error {
		switch f.num {
		case 1:
			return r.string(&e.Key, f)
		case 2:
			return r.string(&e.Value, f)
		}
		return nil
	})
	*dst = append(*dst, e)
	return err
}

func (r *reader) graph(g *Graph, f field) error {
	msg, err := r.message(f)
	if err != nil {
		return err
	}
	err = r.each(msg, func(f field) error {
		switch f.num {
		case 1:
			n, err := r.node(f)
			g.Nodes = append(g.Nodes, n)
			return err
		case 2:
			return r.string(&g.Name, f)
		case 5:
			msg, err := r.message(f)
			if err != nil {
				return err
			}
			t, err := r.tensor(msg)
			g.Initializers = append(g.Initializers, t)
			return within("initializer", err)
		case 11:
			return r.values(&g.Inputs, f)
		case 12:
			return r.values(&g.Outputs, f)
		case 13:
			return r.values(&g.Values, f)
		case 15:
			s, err := r.sparse(f)
			g.Sparse = append(g.Sparse, s)
			return within("sparse initializer", err)
		}
		return nil
	})
	return within(fmt.Sprintf("graph %q", g.Name), err)
}

func (r *reader) node(f field) (*Node, error) {
	msg, err := r.message(f)
	if err != nil {
		return nil, err
	}
	n := &Node{}
	err = r.each(msg, func(f field) error {
		switch f.num {
		case 1:
			return r.strings(&n.Inputs, f)
		case 2:
			return r.strings(&n.Outputs, f)
		case 3:
			return r.string(&n.Name, f)
		case 4:
			return r.string(&n.Op, f)
		case 5:
			a, err := r.attribute(f)
			n.Attributes = append(n.Attributes, a)
			return err
		case 7:
			return r.string(&n.Domain, f)
		case 8:
			return r.string(&n.Overload, f)
		}
		return nil
	})
	if n.Domain == "ai.onnx" {
		n.Domain = ""
	}
	return n, within(fmt.Sprintf("node %q (%s)", n.Name, n.Op), err)
}

func (r *reader) attribute(f field) (*Attribute, error) {
	msg, err := r.message(f)
	if err != nil {
		return nil, err
	}
	a := &Attribute{}
	err = r.each(msg, func(f field) error { return r.attributeField(a, f) })
	return a, within(fmt.Sprintf("attribute %q", a.Name), err)
}

func (r *reader) attributeField(a *Attribute, f field) error {
	switch f.num {
	case 1:
		return r.string(&a.Name, f)
	case 2:
		var v []float32
		if err := r.floats(&v, f); err != nil || len(v) != 1 {
			return malformed("field f is no number")
		}
		a.F = v[0]
	case 3:
		return r.int(&a.I, f)
	case 4:
		b, err := r.bytes(f)
		a.S = append([]byte(nil), b...)
		return err
	case 5:
		msg, err := r.message(f)
		if err != nil {
			return err
		}
		a.T, err = r.tensor(msg)
		return err
	case 6:
		if a.G == nil {
			a.G = &Graph{}
		}
		return r.graph(a.G, f)
	case 7:
		return r.floats(&a.Floats, f)
	case 8:
		return r.ints(&a.Ints, f)
	case 9:
		b, err := r.bytes(f)
		a.Strings = append(a.Strings, append([]byte(nil), b...))
		return err
	case 10:
		msg, err := r.message(f)
		if err != nil {
			return err
		}
		t, err := r.tensor(msg)
		a.Tensors = append(a.Tensors, t)
		return err
	case 11:
		g := &Graph{}
		a.Graphs = append(a.Graphs, g)
		return r.graph(g, f)
	case 20:
		return r.int(&a.Type, f)
	case 21:
		return r.string(&a.Ref, f)
	case 22:
		s, err := r.sparse(f)
		a.Sparse = s
		return err
	}
	return nil
}

func (r *reader) function(m *Model, f field) error {
	msg, err := r.message(f)
	if err != nil {
		return err
	}
	fn := &Function{}
	m.Functions = append(m.Functions, fn)
	err = r.each(msg, func(f field) error {
		switch f.num {
		case 1:
			return r.string(&fn.Name, f)
		case 4:
			return r.strings(&fn.Inputs, f)
		case 5:
			return r.strings(&fn.Outputs, f)
		case 6:
			return r.strings(&fn.Attributes, f)
		case 7:
			n, err := r.node(f)
			fn.Nodes = append(fn.Nodes, n)
			return err
		case 9:
			return r.opset(&fn.Opsets, f)
		case 10:
			return r.string(&fn.Domain, f)
		case 11:
			a, err := r.attribute(f)
			fn.Defaults = append(fn.Defaults, a)
			return err
		case 13:
			return r.string(&fn.Overload, f)
		}
		return nil
	})
	return within(fmt.Sprintf("function %q", fn.Name), err)
}

func (r *reader) values(dst *[]*Value, f field) error {
	msg, err := r.message(f)
	if err != nil {
		return err
	}
	v := &Value{}
	*dst = append(*dst, v)
	err = r.each(msg, func(f field) error {
		switch f.num {
		case 1:
			return r.string(&v.Name, f)
		case 2:
			return r.typ(v, f, KindTensor)
		}
		return nil
	})
	return within(fmt.Sprintf("value %q", v.Name), err)
}

// typ reads the type of a value: of a tensor as it is, of others what they contain.
func (r *reader) typ(v *Value, f field, kind int) error {
	msg, err := r.message(f)
	if err != nil {
		return err
	}
	return r.each(msg, func(f field) error {
		switch f.num {
		case 1:
			v.Kind = kind
			return r.tensorType(v, f)
		case 4, 9:
			inner := KindSequence
			if f.num == 9 {
				inner = KindOptional
			}
			if kind != KindTensor {
				inner = KindOther
			}
			msg, err := r.message(f)
			if err != nil {
				return err
			}
			return r.each(msg, func(f field) error {
				if f.num == 1 {
					return r.typ(v, f, inner)
				}
				return nil
			})
		case 5, 8:
			v.Kind = KindOther
		}
		return nil
	})
}

func (r *reader) tensorType(v *Value, f field) error {
	msg, err := r.message(f)
	if err != nil {
		return err
	}
	return r.each(msg, func(f field) error {
		switch f.num {
		case 1:
			var t int64
			err := r.int(&t, f)
			v.Type = tensor.Type(t)
			if err == nil && t != 0 && (t != int64(v.Type) || !v.Type.Valid()) {
				return malformed("elements of unknown type %d", t)
			}
			return err
		case 2:
			msg, err := r.message(f)
			if err != nil {
				return err
			}
			v.HasShape, v.Shape = true, nil
			return r.each(msg, func(f field) error {
				if f.num != 1 {
					return nil
				}
				return r.dim(v, f)
			})
		}
		return nil
	})
}

func (r *reader) dim(v *Value, f field) error {
	msg, err := r.message(f)
	if err != nil {
		return err
	}
	var d Dim
	err = r.each(msg, func(f field) error {
		switch f.num {
		case 1:
			d.Known = true
			return r.int(&d.Size, f)
		case 2:
			return r.string(&d.Param, f)
		}
		return nil
	})
	if d.Known && d.Size <= 0 { // exporters write 0 or -1 for what they do not know
		d = Dim{Param: d.Param}
	}
	v.Shape = append(v.Shape, d)
	return err
}

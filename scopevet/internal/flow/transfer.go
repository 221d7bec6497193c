package flow

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// transfer adds what instr contributes.
func (s *state) transfer(instr ssa.Instruction) {
	switch v := instr.(type) {
	case *ssa.Alloc:
		s.put(v, "", setOf(s.object(v, "", "")))
	case *ssa.Phi:
		for _, e := range v.Edges {
			s.copy(v, e)
		}
	case *ssa.UnOp:
		switch v.Op {
		case token.MUL:
			s.putLoad(v, "", v.Type(), s.load(v, s.get(v.X), ""))
			s.read(v, v.X)
		case token.ARROW:
			t := s.load(nil, s.get(v.X), "[]")
			if v.CommaOk {
				s.putLoad(v, "#0", v.Type().(*types.Tuple).At(0).Type(), t)
			} else {
				s.putLoad(v, "", v.Type(), t)
			}
			s.wait(v, s.get(v.X))
		}
	case *ssa.ChangeType:
		s.copy(v, v.X)
	case *ssa.ChangeInterface:
		s.copy(v, v.X)
	case *ssa.SliceToArrayPointer:
		s.copy(v, v.X)
	case *ssa.Convert:
		s.convert(v, v.X)
	case *ssa.MultiConvert:
		s.convert(v, v.X)
	case *ssa.MakeInterface:
		s.box(v)
	case *ssa.MakeClosure:
		fn := v.Fn.(*ssa.Function)
		o := s.intern(atom{kind: kObj, at: s.site(v, ""), fn: fn})
		for i, b := range v.Bindings {
			s.putTree(o, fmt.Sprintf("#%d", i), s.value(b))
		}
		s.put(v, "", setOf(o))
	case *ssa.MakeMap, *ssa.MakeChan, *ssa.MakeSlice:
		s.put(v.(ssa.Value), "", setOf(s.object(instr, "", "")))
	case *ssa.Slice:
		if c, ok := v.Max.(*ssa.Const); ok && c.Value != nil && c.Int64() == 0 {
			return // x[:0:0]: an append to it allocates
		}
		s.copy(v, v.X)
	case *ssa.FieldAddr:
		for a := range s.get(v.X) {
			s.put(v, "", setOf(s.address(a, fmt.Sprintf(".%d", v.Field))))
		}
	case *ssa.Field:
		s.putLoad(v, "", v.Type(), s.part(s.value(v.X), fmt.Sprintf(".%d", v.Field)))
	case *ssa.IndexAddr:
		for a := range s.get(v.X) {
			s.put(v, "", setOf(s.address(a, "[]")))
		}
	case *ssa.Index:
		s.putLoad(v, "", v.Type(), s.part(s.value(v.X), "[]"))
	case *ssa.Lookup:
		s.lookup(v)
	case *ssa.Range:
		s.copy(v, v.X)
	case *ssa.Next:
		if !v.IsString {
			tup := v.Type().(*types.Tuple)
			m := s.get(v.Iter)
			s.putLoad(v, "#1", tup.At(1).Type(), s.load(nil, m, ".key"))
			s.putLoad(v, "#2", tup.At(2).Type(), s.load(nil, m, "[]"))
		}
	case *ssa.TypeAssert:
		s.assert(v)
	case *ssa.Extract:
		s.putLoad(v, "", v.Type(), s.part(s.value(v.Tuple), fmt.Sprintf("#%d", v.Index)))
	case *ssa.Send:
		s.store(v, s.get(v.Chan), "[]", v.X, "a channel", v.Pos())
	case *ssa.Select:
		s.selected(v)
	case *ssa.Store:
		s.store(v, s.get(v.Addr), "", v.Val, "", v.Pos())
	case *ssa.MapUpdate:
		s.store(v, s.get(v.Map), "[]", v.Value, "a map", v.Pos())
		s.store(v, s.get(v.Map), ".key", v.Key, "a map", v.Pos())
	case *ssa.Panic:
		s.store(v, setOf(s.intern(atom{kind: kSym, root: 'g', name: "panic"})), "", v.X, "a panic", v.Pos())
	case ssa.CallInstruction:
		s.call(v)
	}
}

func (s *state) copy(dst, src ssa.Value) {
	for p, b := range s.value(src) {
		s.put(dst, p, b)
	}
}

// putLoad sets the part path of v to t, as far as the type typ can hold that.
func (s *state) putLoad(v ssa.Value, path string, typ types.Type, t tree) {
	if isString(typ) {
		for a := range t[""] { // made by unsafe.String
			if a.kind == kMem && a.tag == "string" {
				s.put(v, path, setOf(a))
			}
		}
		return
	}
	if canHold(typ) {
		s.putTree(v, path, t)
	}
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func (s *state) convert(v, x ssa.Value) {
	if isString(x.Type()) != isString(v.Type()) {
		return // a copy
	}
	if _, ok := v.Type().Underlying().(*types.Array); ok {
		s.putLoad(v, "[]", v.Type(), s.load(nil, s.get(x), "[]"))
		return
	}
	if canHold(v.Type()) || isString(v.Type()) {
		s.copy(v, x)
	}
}

// box makes an interface value. A struct in it is an object of its own.
func (s *state) box(v *ssa.MakeInterface) {
	t := v.X.Type()
	switch t.Underlying().(type) {
	case *types.Struct, *types.Array:
		if !isOpaque(t) {
			if canHold(t) {
				o := s.object(v, "", "box")
				s.putTree(o, "", s.value(v.X))
				s.put(v, "", setOf(o))
			}
			return
		}
	}
	s.copy(v, v.X)
}

func (s *state) assert(v *ssa.TypeAssert) {
	path := ""
	if v.CommaOk {
		path = "#0"
	}
	t := s.value(v.X)
	switch v.AssertedType.Underlying().(type) {
	case *types.Struct, *types.Array:
		if !isOpaque(v.AssertedType) {
			for a := range t[""] {
				if a.kind == kObj {
					s.putLoad(v, path, v.AssertedType, s.part(s.vals[a], ""))
				} else {
					s.putLoad(v, path, v.AssertedType, tree{"": setOf(a)})
				}
			}
			return
		}
	}
	s.putLoad(v, path, v.AssertedType, t)
}

func (s *state) lookup(v *ssa.Lookup) {
	m, ok := v.X.Type().Underlying().(*types.Map)
	if !ok {
		return // a string
	}
	t := s.load(nil, s.get(v.X), "[]")
	if v.CommaOk {
		s.putLoad(v, "#0", m.Elem(), t)
	} else {
		s.putLoad(v, "", m.Elem(), t)
	}
	s.read(v, v.X)
}

func (s *state) selected(v *ssa.Select) {
	received := 2
	for _, st := range v.States {
		if st.Dir == types.SendOnly {
			s.store(v, s.get(st.Chan), "[]", st.Send, "a channel", st.Pos)
			continue
		}
		tup := v.Type().(*types.Tuple)
		s.putLoad(v, fmt.Sprintf("#%d", received), tup.At(received).Type(), s.load(nil, s.get(st.Chan), "[]"))
		received++
		if len(v.States) == 1 && v.Blocking {
			s.wait(v, s.get(st.Chan))
		}
	}
}

// store puts x at the part path of what the pointers point at.
func (s *state) store(instr ssa.Instruction, pointers set, path string, x ssa.Value, sink string, pos token.Pos) {
	s.storeTree(instr, pointers, path, s.value(x), sink, pos)
}

func (s *state) storeTree(instr ssa.Instruction, pointers set, path string, t tree, sink string, pos token.Pos) {
	for a := range pointers {
		l, ok := place(s.address(a, path))
		if !ok {
			continue
		}
		s.write(instr, l, t)
		if s.recording && len(pointers) == 1 && single(l) {
			s.must(instr, l)
		}
		if s.recording {
			s.events.stores = append(s.events.stores, storeEvent{instr: instr, at: l, what: t, sink: sink, pos: pos})
		}
	}
}

// single reports whether l is one variable, not an element of many.
func single(l loc) bool {
	return !strings.Contains(l.path, "[]") && !strings.Contains(l.path, ".key") && !strings.Contains(l.obj.path, "[]")
}

// must records that instr overwrites l, always.
func (s *state) must(instr ssa.Instruction, l loc) {
	if s.musts[instr] == nil {
		s.musts[instr] = make(map[loc]bool)
	}
	s.musts[instr][l] = true
}

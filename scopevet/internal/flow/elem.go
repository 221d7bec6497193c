package flow

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// checkElem looks at type argument i of a call: memory of a buffer holds no pointers.
func (s *state) checkElem(instr ssa.CallInstruction, i int, common *ssa.CallCommon) {
	if !s.recording {
		return
	}
	fn := common.StaticCallee()
	if fn == nil || i >= len(fn.TypeArgs()) {
		return
	}
	s.flat(instr, fn.TypeArgs()[i])
}

// flat reports t if it contains pointers, and leaves a type parameter to the caller.
func (s *state) flat(instr ssa.CallInstruction, t types.Type) {
	where, what, param := pointerIn(t, types.TypeString(t, types.RelativeTo(s.eng.pass.Pkg)), 0)
	if param != nil {
		if s.events.flat == nil {
			s.events.flat = make(map[int]bool)
		}
		s.events.flat[param.Index()] = true
		return
	}
	if what != "" {
		s.report("pointers", instr.Pos(), "element type "+types.TypeString(t, types.RelativeTo(s.eng.pass.Pkg))+" contains a pointer ("+where+" is "+what+"): the garbage collector does not see pointers in a buffer, and the call panics")
	}
}

// pointerIn finds a pointer in a type: where and what it is, or the type parameter that
// it depends on.
func pointerIn(t types.Type, where string, depth int) (string, string, *types.TypeParam) {
	if depth > 10 {
		return "", "", nil
	}
	if tp, ok := types.Unalias(t).(*types.TypeParam); ok {
		if paramHolds(tp) {
			return "", "", tp
		}
		return "", "", nil
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			return where, "a string", nil
		case u.Kind() == types.UnsafePointer:
			return where, "an unsafe.Pointer", nil
		}
	case *types.Pointer:
		return where, "a pointer", nil
	case *types.Slice:
		return where, "a slice", nil
	case *types.Map:
		return where, "a map", nil
	case *types.Chan:
		return where, "a channel", nil
	case *types.Signature:
		return where, "a function", nil
	case *types.Interface:
		return where, "an interface", nil
	case *types.Array:
		if u.Len() > 0 {
			return pointerIn(u.Elem(), where+"[0]", depth+1)
		}
	case *types.Struct:
		for i := range u.NumFields() {
			if w, what, tp := pointerIn(u.Field(i).Type(), where+"."+u.Field(i).Name(), depth+1); what != "" || tp != nil {
				return w, what, tp
			}
		}
	}
	return "", "", nil
}

// checkFlat looks at the type arguments of a call of a function some of whose type
// parameters must contain no pointers.
func (s *state) checkFlat(instr ssa.CallInstruction, fn *ssa.Function) {
	if !s.recording {
		return
	}
	o := origin(fn)
	sum := s.eng.summary(o)
	if sum == nil || len(sum.Flat) == 0 {
		return
	}
	for _, i := range sum.Flat {
		if i < len(fn.TypeArgs()) {
			s.flat(instr, fn.TypeArgs()[i])
		} else if fn.Parent() != nil || len(fn.TypeArgs()) == 0 { // a literal in a generic function, or its method
			if s.events.flat == nil {
				s.events.flat = make(map[int]bool)
			}
			s.events.flat[i] = true
		}
	}
}

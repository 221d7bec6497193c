package flow

import (
	"go/token"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// checkUninitialised looks for results of Similar that are read before anything can have
// written them.
func (s *state) checkUninitialised() {
	for _, b := range s.fn.Blocks {
		for _, instr := range b.Instrs {
			c, ok := instr.(*ssa.Call)
			if !ok || calleeName(c) != Path+"/allocarray.AllocArray.Similar" {
				continue
			}
			names := aliases(c)
			filled := s.writingLoops(c, names)
			s.search(c, func(at ssa.Instruction) bool {
				return at == instr || effect(at, names) == writes || filled[at.Block()] && isLast(at)
			}, func(at ssa.Instruction) bool {
				if at != instr && effect(at, names) == readsIt {
					s.report("uninitialised", s.usePos(at), "this reads the result of Similar at "+s.place(c.Pos())+", which nothing has written: its elements are whatever the memory held", related(c.Pos(), "made here"))
					return true
				}
				return false
			})
		}
	}
}

// writingLoops returns the blocks that begin loops that write the array: such a loop is
// taken to have a turn.
func (s *state) writingLoops(made ssa.Instruction, names map[ssa.Value]bool) map[*ssa.BasicBlock]bool {
	filled := make(map[*ssa.BasicBlock]bool)
	for _, l := range s.findLoops() {
		if l.blocks[made.Block()] {
			continue
		}
		for b := range l.blocks {
			for _, at := range b.Instrs {
				if effect(at, names) != writes {
					continue
				}
				filled[l.header] = true
				for _, p := range l.header.Preds {
					if _, ok := p.Instrs[len(p.Instrs)-1].(*ssa.If); ok && !l.blocks[p] {
						filled[p] = true
					}
				}
			}
		}
	}
	return filled
}

func calleeName(c ssa.CallInstruction) string {
	if c.Common().IsInvoke() {
		return methodName(c.Common().Method)
	}
	if fn := c.Common().StaticCallee(); fn != nil {
		return fullName(origin(fn))
	}
	return ""
}

// aliases returns the values that are the array itself: what it is, or is loaded from a
// variable that holds only it.
func aliases(v ssa.Value) map[ssa.Value]bool {
	names := map[ssa.Value]bool{v: true}
	for _, ref := range *v.Referrers() {
		st, ok := ref.(*ssa.Store)
		if !ok || st.Val != v {
			continue
		}
		a, ok := st.Addr.(*ssa.Alloc)
		if !ok {
			continue
		}
		stores := 0
		var loads []ssa.Value
		simple := true
		for _, r := range *a.Referrers() {
			switch r := r.(type) {
			case *ssa.Store:
				stores++
			case *ssa.UnOp:
				loads = append(loads, r)
			case *ssa.DebugRef:
			default:
				simple = false
			}
		}
		if simple && stores == 1 {
			for _, l := range loads {
				names[l] = true
			}
		}
	}
	return names
}

// What an instruction does to an array.
const (
	nothing = iota
	readsIt
	writes // or may write, or is not known
)

// reading are methods that read the elements of their receiver.
var reading = map[string]bool{"At": true, "Item": true, "Heap": true, "Clone": true, "CopyTo": true}

// asking are methods that do not touch elements.
var asking = map[string]bool{
	"Live": true, "Len": true, "Shape": true, "Strides": true, "Rank": true, "Dim": true, "IsContiguous": true, "Similar": true,
}

func effect(at ssa.Instruction, names map[ssa.Value]bool) int {
	uses := false
	for _, op := range at.Operands(nil) {
		if *op != nil && names[*op] {
			uses = true
		}
	}
	if !uses {
		return nothing
	}
	switch at := at.(type) {
	case *ssa.DebugRef:
		return nothing
	case *ssa.Store: // into its own variable
		if a, ok := at.Addr.(*ssa.Alloc); ok {
			for v := range names {
				if u, ok := v.(*ssa.UnOp); ok && u.X == a {
					return nothing
				}
			}
		}
		return writes
	case *ssa.UnOp:
		return nothing
	case *ssa.Call:
		name, ok := strings.CutPrefix(calleeName(at), Path+"/allocarray.")
		if !ok {
			return writes
		}
		args := at.Call.Args
		if method, ok := strings.CutPrefix(name, "AllocArray."); ok {
			switch {
			case !names[args[0]]:
				return writes // the destination of CopyTo
			case reading[method]:
				return readsIt
			case asking[method]:
				return nothing
			}
			return writes // Set, Fill, Data, or a view
		}
		if strings.HasSuffix(name, "Into") {
			for _, a := range args[1:] {
				if names[a] {
					return readsIt
				}
			}
			return writes
		}
		if strings.HasPrefix(name, "Concat") {
			return writes
		}
		return readsIt
	}
	return writes
}

func (s *state) reportTimeout(pos token.Pos) {
	s.report("timeout", pos, "a handler of http.TimeoutHandler goes on running after it has timed out, and after the end of the scope: put the timeout around the scope, not into it")
}

package flow

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// checkServed reports handlers of http.TimeoutHandler that are served in a scope.
func (s *state) checkServed() {
	for _, e := range s.events.served {
		if e.scoped || len(e.under) > 0 || len(s.scopes) > 0 {
			s.reportTimeout(e.pos)
		}
	}
}

// findFast notes the parameters whose ServeHTTP is called in a scope.
func (s *state) findFast() {
	for i := range s.events.callbacks {
		cb := &s.events.callbacks[i]
		if cb.serve && cb.scoped && cb.fn.kind == kSym && cb.fn.root == 'p' {
			if s.events.fast == nil {
				s.events.fast = make(map[int]bool)
			}
			s.events.fast[cb.fn.at] = true
		}
	}
}

// checkFast looks at an argument that the callee serves in a scope.
func (s *state) checkFast(instr ssa.Instruction, arg tree) {
	for a := range s.reach(arg) {
		if a.kind == kObj && a.tag == "timeout" {
			s.reportTimeout(instr.Pos())
		}
	}
}

// checkInterceptor looks for functions of the shape of an interceptor that return what a
// handler has made in their scope.
func (s *state) checkInterceptor() {
	sig := s.fn.Signature
	if sig.Results().Len() == 0 {
		return
	}
	results := make(map[int]bool)
	for i := range sig.Results().Len() {
		t := sig.Results().At(i).Type()
		if _, param := types.Unalias(t).(*types.TypeParam); param || isError(t) || !types.IsInterface(t) {
			continue
		}
		results[i] = true
	}
	if len(results) == 0 {
		return
	}
	for i := range s.events.callbacks {
		cb := &s.events.callbacks[i]
		if len(cb.under) == 0 && !s.scopedArgs(cb) {
			continue
		}
		for _, b := range s.fn.Blocks {
			ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if !ok {
				continue
			}
			for j, v := range ret.Results {
				if !results[j] {
					continue
				}
				for a := range s.reachExit(s.value(v)) {
					if a.kind == kRes && a.at == cb.site {
						s.report("interceptor", cb.pos, "what this handler returns may be memory of the scope, and is returned after its end: use it, or copy it, inside the scope")
					}
				}
			}
		}
	}
}

// scopedArgs reports whether a callback gets the context of a scope that this function
// ends.
func (s *state) scopedArgs(cb *callbackEvent) bool {
	for _, t := range cb.args {
		for a := range t.all() {
			if a.kind == kScope && a.j == 0 {
				if info := s.scopes[a]; info != nil && (info.ended || s.endsHere(info)) {
					return true
				}
			}
		}
	}
	return false
}

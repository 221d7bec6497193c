package flow

import (
	"fmt"
	"go/token"
	"go/types"
	"sort"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A call is a call that is being looked at.
type call struct {
	s     *state
	instr ssa.CallInstruction
	args  []ssa.Value // with the receiver, if any
	name  string      // of the callee
	async bool        // a go statement
	later bool        // a defer statement
}

func (c *call) pos() token.Pos { return c.instr.Pos() }

// arg returns what argument i is.
func (c *call) arg(i int) set {
	if i >= len(c.args) {
		return nil
	}
	return c.s.get(c.args[i])
}

func (c *call) tree(i int) tree {
	if i >= len(c.args) {
		return nil
	}
	return c.s.value(c.args[i])
}

// result adds to result i of the call.
func (c *call) result(i int, b set) { c.resultTree(i, tree{"": b}) }

func (c *call) resultTree(i int, t tree) {
	v := c.instr.Value()
	if v == nil {
		return
	}
	if tup, ok := v.Type().(*types.Tuple); ok {
		if i < tup.Len() {
			c.s.putLoad(v, fmt.Sprintf("#%d", i), tup.At(i).Type(), t)
		}
		return
	}
	if i == 0 {
		c.s.putLoad(v, "", v.Type(), t)
	}
}

// results returns the types of the results.
func (c *call) results() []types.Type {
	sig := c.instr.Common().Signature()
	var ts []types.Type
	for i := range sig.Results().Len() {
		ts = append(ts, sig.Results().At(i).Type())
	}
	return ts
}

func (s *state) call(instr ssa.CallInstruction) {
	common := instr.Common()
	c := &call{s: s, instr: instr, args: common.Args}
	switch instr.(type) {
	case *ssa.Go:
		c.async = true
	case *ssa.Defer:
		c.later = true
	}
	if b, ok := common.Value.(*ssa.Builtin); ok {
		s.builtin(c, b.Name())
		return
	}
	if common.IsInvoke() {
		c.args = append([]ssa.Value{common.Value}, common.Args...)
		s.invoke(c)
		return
	}
	if fn := common.StaticCallee(); fn != nil {
		var frees []tree
		if mc, ok := common.Value.(*ssa.MakeClosure); ok {
			frees = s.bindings(s.closure(mc))
		}
		s.static(c, fn, frees)
		return
	}
	s.dynamic(c)
}

func (s *state) closure(mc *ssa.MakeClosure) *atom {
	return s.intern(atom{kind: kObj, at: s.site(mc, ""), fn: mc.Fn.(*ssa.Function)})
}

// bindings returns what the variables that a closure captures are.
func (s *state) bindings(o *atom) []tree {
	var bs []tree
	for i := range o.fn.FreeVars {
		bs = append(bs, s.part(s.vals[o], fmt.Sprintf("#%d", i)))
	}
	return bs
}

// static is a call of a known function.
func (s *state) static(c *call, fn *ssa.Function, frees []tree) {
	s.called[fn] = true
	s.checkFlat(c.instr, fn)
	o := origin(fn)
	if !isWrapper(fn) {
		c.name = fullName(o)
	}
	if c.async {
		s.goes(c.instr, s.captured(c, frees), "a goroutine", c.pos())
	}
	if s.model(c) {
		return
	}
	sum := s.eng.summary(o)
	if sum == nil {
		s.foreign(c, c.name)
		return
	}
	in := &inst{s: s, instr: c.instr, key: "call", sum: sum, frees: frees, async: c.async, later: c.later, inner: fn.Parent() != nil && fn.Synthetic == ""}
	for i := range c.args {
		in.args = append(in.args, c.tree(i))
	}
	for i, t := range in.run() {
		c.resultTree(i, t)
	}
}

// isWrapper reports whether fn was made for a method value or expression: its parameters
// are not those of the method.
func isWrapper(fn *ssa.Function) bool {
	return strings.HasPrefix(fn.Synthetic, "bound method wrapper") || strings.HasPrefix(fn.Synthetic, "thunk")
}

// captured is what a goroutine gets: its arguments and what its function captures.
func (s *state) captured(c *call, frees []tree) set {
	all := make(set)
	for i := range c.args {
		all.add(s.reachAt(c.instr, c.tree(i)))
	}
	for _, t := range frees {
		all.add(s.reachAt(c.instr, t))
	}
	return all
}

// reachAt is reach, in which variables hold what they hold at instr, and which goes on
// behind what the caller has given only if it is a captured variable.
func (s *state) reachAt(instr ssa.Instruction, t tree) set {
	all := make(set)
	for _, b := range t {
		for a := range b {
			l, ok := place(a)
			if ok && l.path == "" && (a.kind == kSym && a.root == 'f' && a.path == "" || a.kind == kObj && a.at >= 0 && a.fn == nil) {
				all[a] = struct{}{}
				all.add(s.reach(s.load(instr, setOf(a), "")))
				continue
			}
			all.add(s.reach(tree{"": setOf(a)}))
		}
	}
	return all
}

// dynamic is a call of a function value.
func (s *state) dynamic(c *call) {
	value := c.s.get(c.instr.Common().Value)
	if c.async {
		all := s.reachAt(c.instr, tree{"": value})
		all.add(s.captured(c, nil))
		s.goes(c.instr, all, "a goroutine", c.pos())
	}
	known := false
	for _, f := range sorted(value) {
		switch {
		case f.kind == kObj && f.fn != nil:
			known = true
			s.static(&call{s: s, instr: c.instr, args: c.args, later: c.later}, f.fn, s.bindings(f))
		case f.kind == kSym:
			known = true
			args := make([]tree, len(c.args))
			for i := range c.args {
				args[i] = c.tree(i)
			}
			for i, t := range s.callback(c.instr, 0, f, args, c.async, nil, c.pos(), len(c.results()), "") {
				c.resultTree(i, t)
			}
			s.unknown(c, "a function value")
		}
	}
	if !known {
		s.unknown(c, "a function value")
	}
}

// callback records a call of a function f that the caller gives, and returns its results.
func (s *state) callback(instr ssa.Instruction, n int, f *atom, args []tree, async bool, await set, pos token.Pos, results int, serve string) []tree {
	site := s.site(instr, fmt.Sprintf("cb%d %s", n, f.symName()))
	out := make([]tree, results)
	for i := range out {
		out[i] = tree{"": setOf(s.intern(atom{kind: kRes, at: site, j: i}))}
	}
	if s.recording {
		s.events.callbacks = append(s.events.callbacks, callbackEvent{
			instr: instr, site: site, fn: f, args: args, async: async, await: await, pos: pos, serve: serve != "",
			scoped: len(s.under) > 0 || len(s.scopes) > 0, under: s.under,
		})
	}
	return out
}

func (a *atom) symName() string { return fmt.Sprintf("%c%d%s%s", a.root, a.at, a.path, a.name) }

// sorted returns the atoms in an order that does not change from run to run.
func sorted(b set) []*atom {
	as := make([]*atom, 0, len(b))
	for a := range b {
		as = append(as, a)
	}
	sort.Slice(as, func(i, j int) bool { return as[i].less(as[j]) })
	return as
}

func (a *atom) less(b *atom) bool {
	switch {
	case a.kind != b.kind:
		return a.kind < b.kind
	case a.at != b.at:
		return a.at < b.at
	case a.j != b.j:
		return a.j < b.j
	case a.root != b.root:
		return a.root < b.root
	case a.path != b.path:
		return a.path < b.path
	case a.name != b.name:
		return a.name < b.name
	case a.base != nil && b.base != nil && a.base != b.base:
		return a.base.less(b.base)
	case a.fn != nil && b.fn != nil && a.fn != b.fn:
		return a.fn.Pos() < b.fn.Pos()
	}
	return false
}

// invoke is a call of a method of an interface.
func (s *state) invoke(c *call) {
	m := c.instr.Common().Method
	c.name = methodName(m)
	if c.async {
		s.goes(c.instr, s.captured(c, nil), "a goroutine", c.pos())
	}
	if s.model(c) {
		return
	}
	if fn := s.devirtualise(c.instr.Common().Value, m, 0); fn != nil {
		s.static(&call{s: s, instr: c.instr, args: c.args, later: c.later}, fn, nil)
		return
	}
	if m.Name() == "ServeHTTP" {
		for f := range c.arg(0) {
			if f.kind == kSym {
				s.callback(c.instr, 1, f, nil, false, nil, c.pos(), 0, "ServeHTTP")
			} else if f.tag == "timeout" && s.recording {
				s.events.served = append(s.events.served, servedEvent{pos: c.pos()})
			}
		}
	}
	s.foreign(c, c.name)
}

// devirtualise returns the method that is called, if v is seen to have one type only.
func (s *state) devirtualise(v ssa.Value, m *types.Func, depth int) *ssa.Function {
	if depth > 5 {
		return nil
	}
	switch v := v.(type) {
	case *ssa.MakeInterface:
		t := v.X.Type()
		if types.IsInterface(t) {
			return nil
		}
		sel := s.fn.Prog.MethodSets.MethodSet(t).Lookup(m.Pkg(), m.Name())
		if sel == nil {
			return nil
		}
		obj, ok := sel.Obj().(*types.Func)
		if !ok || len(sel.Index()) > 1 {
			return nil
		}
		if _, ptr := obj.Type().(*types.Signature).Recv().Type().(*types.Pointer); !ptr {
			if _, ptr := t.(*types.Pointer); ptr {
				return nil
			}
		}
		return s.fn.Prog.FuncValue(obj.Origin())
	case *ssa.ChangeInterface:
		return s.devirtualise(v.X, m, depth+1)
	case *ssa.UnOp: // a variable that is set once
		if v.Op == token.MUL {
			if val := setOnce(v.X); val != nil {
				return s.devirtualise(val, m, depth+1)
			}
		}
	}
	return nil
}

// setOnce returns what a variable holds that is set only once, where it is made.
func setOnce(addr ssa.Value) ssa.Value {
	if fv, ok := addr.(*ssa.FreeVar); ok {
		outer := binding(fv)
		if outer == nil {
			return nil
		}
		return setOnce(outer)
	}
	a, ok := addr.(*ssa.Alloc)
	if !ok {
		return nil
	}
	var only *ssa.Store
	for _, ref := range *a.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if only != nil || ref.Addr != a {
				return nil
			}
			only = ref
		case *ssa.UnOp, *ssa.DebugRef:
		case *ssa.MakeClosure:
			for i, b := range ref.Bindings {
				if b == a && !onlyLoaded(ref.Fn.(*ssa.Function).FreeVars[i], 0) {
					return nil
				}
			}
		default:
			return nil
		}
	}
	if only == nil {
		return nil
	}
	return only.Val
}

// onlyLoaded reports whether a function only loads a variable that it captures.
func onlyLoaded(fv *ssa.FreeVar, depth int) bool {
	for _, ref := range *fv.Referrers() {
		switch ref := ref.(type) {
		case *ssa.UnOp, *ssa.DebugRef:
		case *ssa.MakeClosure:
			for i, b := range ref.Bindings {
				if b == fv && (depth > 4 || !onlyLoaded(ref.Fn.(*ssa.Function).FreeVars[i], depth+1)) {
					return false
				}
			}
		default:
			return false
		}
	}
	return true
}

// binding returns what a captured variable is in the function around.
func binding(fv *ssa.FreeVar) ssa.Value {
	fn := fv.Parent()
	if fn.Parent() == nil {
		return nil
	}
	for _, b := range fn.Parent().Blocks {
		for _, instr := range b.Instrs {
			if mc, ok := instr.(*ssa.MakeClosure); ok && mc.Fn == fn {
				for i, v := range fn.FreeVars {
					if v == fv {
						return mc.Bindings[i]
					}
				}
			}
		}
	}
	return nil
}

// foreign is a call of a function about which nothing is known.
func (s *state) foreign(c *call, what string) {
	for i, t := range c.results() {
		if canHold(t) && !isOpaque(t) {
			c.result(i, setOf(s.object(c.instr, fmt.Sprintf("foreign%d", i), "foreign")))
		}
	}
	s.unknown(c, what)
	// functions that it is given are called at some time, now if it is of the standard library
	for i := range c.args {
		for _, f := range sorted(c.arg(i)) {
			if f.kind == kObj && f.fn != nil {
				s.runClosure(c.instr, fmt.Sprintf("foreign arg %d", i), f, nil, c.async || !isStdName(what), nil)
			}
		}
	}
}

func (s *state) unknown(c *call, what string) {
	if !s.recording {
		return
	}
	all := make(set)
	for i := range c.args {
		all.add(s.reach(c.tree(i)))
	}
	s.events.unknown = append(s.events.unknown, unknownEvent{instr: c.instr, args: all, what: what, under: s.under, pos: c.pos()})
}

// runClosure calls a closure or a function with what is known of its arguments.
func (s *state) runClosure(instr ssa.Instruction, key string, f *atom, args []tree, async bool, uses set) []tree {
	s.called[f.fn] = true
	sum := s.eng.summary(origin(f.fn))
	if sum == nil {
		return nil
	}
	in := &inst{s: s, instr: instr, key: key, sum: sum, args: args, frees: s.bindings(f), async: async, inner: f.fn.Parent() != nil && f.fn.Synthetic == ""}
	return in.run()
}

// runUncalled looks at closures of which no call is known: they run at any time.
func (s *state) runUncalled() {
	for _, b := range s.fn.Blocks {
		for _, instr := range b.Instrs {
			if mc, ok := instr.(*ssa.MakeClosure); ok && !s.called[mc.Fn.(*ssa.Function)] {
				f := s.closure(mc)
				if sum := s.eng.summary(origin(f.fn)); sum != nil {
					in := &inst{s: s, instr: mc, key: "uncalled", sum: sum, frees: s.bindings(f), async: true, inner: true}
					in.run()
				}
			}
		}
	}
}

func origin(fn *ssa.Function) *ssa.Function {
	if o := fn.Origin(); o != nil {
		return o
	}
	return fn
}

// fullName names a function like (*sync.Pool).Put or slices.Clone.
func fullName(fn *ssa.Function) string {
	if obj, ok := fn.Object().(*types.Func); ok {
		return methodName(obj)
	}
	return fn.String()
}

// methodName names a method by its package, type and name, a pointer receiver or not.
func methodName(m *types.Func) string {
	m = m.Origin()
	pkg := ""
	if m.Pkg() != nil {
		pkg = m.Pkg().Path() + "."
	}
	recv := m.Signature().Recv()
	if recv == nil {
		return pkg + m.Name()
	}
	t := recv.Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return pkg + n.Obj().Name() + "." + m.Name()
	}
	return pkg + "?." + m.Name()
}

// builtin is a call of a built-in function.
func (s *state) builtin(c *call, name string) {
	switch name {
	case "append":
		if len(c.args) < 2 {
			return
		}
		o := s.object(c.instr, "append", "")
		elem := sliceElem(c.instr.Value().Type())
		if !(isFull(c.args[0], 0) && isElems(c.args[1])) {
			for a := range c.arg(0) {
				c.result(0, setOf(a))
			}
		}
		c.result(0, setOf(o))
		if elem != nil && canHold(elem) {
			for _, i := range []int{0, 1} {
				s.putTree(o, "[]", s.load(nil, c.arg(i), "[]"))
			}
		}
	case "copy":
		if elem := sliceElem(c.args[0].Type()); elem != nil && canHold(elem) {
			s.storeTree(c.instr, c.arg(0), "[]", s.load(nil, c.arg(1), "[]"), "", c.pos())
		}
	case "String": // unsafe
		for a := range c.arg(0) {
			if a.kind == kMem {
				b := *a
				b.tag = "string"
				s.put(c.instr.Value(), "", setOf(s.intern(b)))
			}
		}
	case "Slice", "SliceData", "StringData", "Add":
		c.resultTree(0, c.tree(0))
	}
}

// isFull reports whether v is seen to have no room behind its length, so that an append
// of something makes a new slice.
func isFull(v ssa.Value, depth int) bool {
	if depth > 5 {
		return false
	}
	switch v := v.(type) {
	case *ssa.Call:
		if fn := v.Call.StaticCallee(); fn != nil {
			switch fullName(origin(fn)) {
			case Path + "/scope.Make", Path + "/allocarray.AllocArray.Data", Path + "/scope.Builder.View":
				return true
			}
		}
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			if fn := call.Call.StaticCallee(); fn != nil {
				return fullName(origin(fn)) == Path+"/scope.Alloc"
			}
		}
	case *ssa.ChangeType:
		return isFull(v.X, depth+1)
	}
	return false
}

// isElems reports whether v is a list of elements that the compiler made.
func isElems(v ssa.Value) bool {
	sl, ok := v.(*ssa.Slice)
	if !ok {
		return false
	}
	a, ok := sl.X.(*ssa.Alloc)
	return ok && a.Comment == "varargs"
}

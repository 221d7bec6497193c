package flow

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// model applies what is known of a function by its name: all of the library, and what of
// the standard library passes memory on or keeps it. It reports whether c is such a
// function.
func (s *state) model(c *call) bool {
	if name, ok := strings.CutPrefix(c.name, Path+"/"); ok {
		if s.ours(c, name) {
			return true
		}
	}
	if strings.HasSuffix(c.name, ".Release") || strings.HasSuffix(c.name, ".Move") {
		if isArray(c.args[0].Type()) {
			s.releaseArray(c)
			return true
		}
	}
	return s.standard(c)
}

// noescape is scope.NoEscape: it calls its function in a scope of its own.
var noescape = &Summary{
	Scopes:  []Scope{{Parents: []*Term{{Kind: kSym, Root: 'p', At: 0}}, Ended: true}},
	Calls:   []Callback{{Fn: &Term{Kind: kSym, Root: 'p', At: 1}, Args: []Content{{Index: 0, Terms: []*Term{{Kind: kScope, At: 0}}}}}},
	Results: []Content{{Index: 0, Terms: []*Term{{Kind: kRes}}}},
	Allocs:  []Alloc{{Ctx: []*Term{{Kind: kSym, Root: 'p', At: 0}}, Uses: "opens a scope with"}},
}

// try is scope.Try: it calls its function.
var try = &Summary{
	Calls:   []Callback{{Fn: &Term{Kind: kSym, Root: 'p', At: 0}}},
	Results: []Content{{Index: 0, Terms: []*Term{{Kind: kRes}}}},
}

// groupGo is (*locked.Group).Go: it calls its function in a goroutine, in a scope.
var groupGo = &Summary{
	Scopes: []Scope{{Parents: []*Term{{Kind: kSym, Root: 'p', At: 0, Path: "*.ctx"}}, Ended: true, Worker: true}},
	Calls:  []Callback{{Fn: &Term{Kind: kSym, Root: 'p', At: 1}, Args: []Content{{Index: 0, Terms: []*Term{{Kind: kScope, At: 0}}}}, Async: true, Await: []*Term{{Kind: kSym, Root: 'p', At: 0}}}},
}

func (s *state) apply(c *call, sum *Summary) {
	in := &inst{s: s, instr: c.instr, key: "model", sum: sum, async: c.async, later: c.later, inner: false}
	for i := range c.args {
		in.args = append(in.args, c.tree(i))
	}
	for i, t := range in.run() {
		c.resultTree(i, t)
	}
}

// ours are the functions of the library; name is without the path of the module.
func (s *state) ours(c *call, name string) bool {
	pkg, rest, _ := strings.Cut(name, ".")
	if i := strings.LastIndexByte(pkg, '/'); i >= 0 && strings.HasPrefix(pkg, "scope/") {
		pkg = "scope" + pkg[i:]
	}
	typ, method, isMethod := strings.Cut(rest, ".")
	if !isMethod {
		method, typ = typ, ""
	}
	switch pkg {
	case "scope":
		return s.scopeFuncs(c, typ, method)
	case "locked":
		switch rest {
		case "NewGroup":
			o := s.object(c.instr, "group", "group")
			s.put(o, ".ctx", c.arg(0))
			c.result(0, setOf(o))
			s.alloc(c, c.arg(0), "makes a group with", 0)
			return true
		case "Group.Go", "Group.TryGo":
			s.apply(c, groupGo)
			return true
		case "Group.Wait":
			s.wait(c.instr, c.arg(0))
			s.release(c, c.arg(0), "Wait")
			return true
		case "WithLockedBumper":
			c.result(0, s.over(s.shared(c, 1)))
			return true
		case "Share":
			c.result(0, s.shared(c, 0))
			return true
		case "From":
			c.result(0, c.arg(0))
			return true
		}
	case "onnx", "onnx/internal/engine":
		if rest == "Program.Run" { // outputs are of ctx's scope; what lies between ends with the run
			c.result(0, s.mem(c.instr, c.arg(1)))
			return true
		}
	case "offheap":
		switch rest {
		case "Make":
			s.checkElem(c.instr, 0, c.instr.Common())
			c.result(0, setOf(s.object(c.instr, "workspace", "workspace")))
			return true
		case "Workspace.Data":
			c.result(0, s.mem(c.instr, s.over(c.arg(0))))
			return true
		case "Workspace.Free":
			s.release(c, c.arg(0), "Free")
			return true
		case "Heap.Alloc", "Heap.Acquire", "Pages.Acquire":
			c.result(0, s.mem(c.instr, s.over(setOf(s.object(c.instr, "block", "block")))))
			return true
		case "Heap.Free", "Heap.Release", "Pages.Release":
			s.release(c, blocksOf(c.arg(1)), "Free")
			return true
		}
	}
	if isMethod && isBuffer(c.args[0].Type()) {
		switch method {
		case "Reset", "Close", "Restore", "Unwind":
			what := make(set)
			what.add(c.arg(0))
			if method == "Restore" || method == "Unwind" {
				what = make(set)
				what.add(c.arg(0))
				what.add(c.tree(1).all())
			}
			s.release(c, what, method)
			return true
		case "Checkpoint":
			ctx := s.openScope(c, s.over(c.arg(0)), "checkpoint")
			h := *ctx
			h.j = 1
			c.result(0, setOf(s.intern(h)))
			return true
		case "Alloc":
			c.result(0, s.mem(c.instr, s.over(c.arg(0))))
			return true
		}
	}
	if pkg == "bumper" && strings.HasPrefix(method, "New") {
		o := s.object(c.instr, "buffer", "buffer")
		for i := range c.args {
			s.put(o, ".from", c.tree(i).all())
		}
		c.result(0, setOf(o))
		return true
	}
	if pkg == "allocarray" || isMethod && isArray(c.args[0].Type()) {
		return s.arrayFuncs(c, typ, method)
	}
	if isCore(pkg) {
		s.anyOurs(c)
		return true
	}
	if c.instr.Common().IsInvoke() && pkg == "nn" && method == "Forward" {
		s.alloc(c, c.arg(1), "allocates with", 0)
		c.result(0, s.mem(c.instr, c.arg(1)))
		c.result(0, c.arg(2))
		return true
	}
	return false
}

// isCore reports whether a package is one whose functions are known by their names, and
// whose bodies are not looked at.
func isCore(pkg string) bool {
	pkg, _, _ = strings.Cut(pkg, "/")
	switch pkg {
	case "scope", "bumper", "locked", "offheap", "meter", "allocarray", "internal":
		return true
	}
	return false
}

// anyOurs is a function of the library that has no model: what it returns may be what it
// got, or allocated through a context that it got.
func (s *state) anyOurs(c *call) {
	for i, t := range c.results() {
		if !canHold(t) || isError(t) {
			continue
		}
		for j, a := range c.args {
			switch {
			case isContext(a.Type()):
				if isContext(t) {
					c.result(i, c.arg(j))
				} else if isArray(t) || isSlice(t) {
					c.result(i, s.mem(c.instr, c.arg(j)))
				}
			case isBuffer(a.Type()) && isBuffer(t):
				c.result(i, c.arg(j))
			}
		}
	}
	for _, a := range c.args {
		if isContext(a.Type()) {
			s.alloc(c, s.get(a), "allocates with", 0)
		}
	}
	for i := range c.args {
		for _, f := range sorted(c.arg(i)) {
			if f.kind == kObj && f.fn != nil {
				s.runClosure(c.instr, "ours", f, nil, false, nil)
			}
		}
	}
}

func (s *state) scopeFuncs(c *call, typ, name string) bool {
	switch typ {
	case "":
	case "Builder":
		if name == "View" {
			c.result(0, c.arg(0))
		}
		return true
	case "Scope":
		if name == "End" {
			s.release(c, c.arg(0), "End")
		}
		return true
	case "Block":
		if name == "Bytes" {
			c.resultTree(0, c.tree(0))
		}
		return true
	default:
		if isBuffer(c.args[0].Type()) {
			return false
		}
		return true
	}
	switch name {
	case "Make", "Alloc", "NewBuilder":
		s.checkElem(c.instr, 0, c.instr.Common())
		c.result(0, s.mem(c.instr, c.arg(0)))
		s.alloc(c, c.arg(0), "allocates with", constBytes(c))
	case "WithAllocator":
		c.result(0, s.over(c.arg(1)))
	case "AllocatorFrom":
		c.result(0, c.arg(0))
	case "Heap":
	case "NoEscape":
		s.apply(c, noescape)
	case "Try":
		s.apply(c, try)
	case "Open":
		ctx := s.openScope(c, c.arg(0), "Open")
		h := *ctx
		h.j = 1
		c.result(0, setOf(ctx))
		c.result(1, setOf(s.intern(h)))
		s.alloc(c, c.arg(0), "opens a scope with", 0)
	case "NewBlock":
		c.result(0, c.arg(0))
	case "ReadFrom", "Explain":
	default:
		s.anyOurs(c)
	}
	return true
}

// openScope makes a scope that the caller of c ends.
func (s *state) openScope(c *call, parents set, kind string) *atom {
	ctx := s.intern(atom{kind: kScope, at: s.site(c.instr, "open")})
	info := s.scopes[ctx]
	if info == nil {
		info = &scopeInfo{ctx: ctx, parents: make(set), kind: kind, instr: c.instr, pos: c.pos()}
		s.scopes[ctx] = info
	}
	if info.parents.add(parents) {
		s.changed = true
	}
	return ctx
}

// over returns the contexts that carry the allocators.
func (s *state) over(buffers set) set {
	out := make(set)
	for b := range buffers {
		switch b.kind {
		case kObj, kSym:
			out[s.intern(atom{kind: kOver, base: b})] = struct{}{}
		case kOver, kScope:
			out[b] = struct{}{} // from AllocatorFrom
		}
	}
	return out
}

// shared is a buffer behind a lock, around argument i.
func (s *state) shared(c *call, i int) set {
	o := s.object(c.instr, "shared", "shared")
	s.put(o, ".buf", c.arg(i))
	return setOf(o)
}

// blocksOf returns the owners of blocks of an offheap.Heap.
func blocksOf(mems set) set {
	out := make(set)
	for m := range mems {
		if m.kind == kMem && m.base.kind == kOver {
			out[m.base.base] = struct{}{}
		}
	}
	return out
}

// views are the methods of arrays that share the elements of their receiver, true for those
// with all elements in their order, which can be released like the array itself.
var views = map[string]bool{
	"ExpandDims": true, "Reshape": true, "Squeeze": true,
	"Broadcast": false, "Index": false, "Permute": false, "SlidingWindow": false, "Slice": false, "SliceStep": false, "Transpose": false,
}

func (s *state) arrayFuncs(c *call, typ, name string) bool {
	if typ == "" && name == "Wrap" {
		c.resultTree(0, c.tree(0))
		return true
	}
	ctx := -1
	for i, a := range c.args {
		if isContext(a.Type()) {
			ctx = i
			break
		}
	}
	if name == "Release" || name == "Move" {
		s.releaseArray(c)
		return true
	}
	for i := range c.args { // Map, MapInto
		for _, f := range sorted(c.arg(i)) {
			if f.kind == kObj && f.fn != nil {
				s.runClosure(c.instr, "map", f, nil, false, nil)
			}
		}
	}
	if ctx >= 0 {
		s.alloc(c, c.arg(ctx), "allocates with", constBytes(c))
		c.result(0, s.mem(c.instr, c.arg(ctx)))
		return true
	}
	if typ != "" && name != "Heap" && name != "Shape" && name != "Strides" {
		for i, t := range c.results() {
			if isArray(t) || isSlice(t) { // a view, or Data
				c.resultTree(i, c.tree(0))
			}
		}
	}
	return true
}

// releaseArray is x.Release(…) or x.Move().
func (s *state) releaseArray(c *call) {
	_, name, _ := cutLast(c.name)
	all := make(set)
	for a := range c.arg(0) {
		if a.kind == kMem || a.kind == kSym {
			all[a] = struct{}{}
		}
	}
	s.release(c, all, name)
	if name == "Move" { // the result is the same memory under another name
		for a := range c.arg(0) {
			if a.kind == kMem {
				c.result(0, s.mem(c.instr, setOf(a.base)))
			}
		}
	}
	if s.recording && isView(c.args[0], 0) {
		s.report("release", c.pos(), name+" of a view: use the array that it is a view of")
	}
}

func cutLast(name string) (before, after string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// isView reports whether v is seen to be a view of an array.
func isView(v ssa.Value, depth int) bool {
	if depth > 5 {
		return false
	}
	switch v := v.(type) {
	case *ssa.Call:
		if fn := v.Call.StaticCallee(); fn != nil && len(v.Call.Args) > 0 && isArray(v.Call.Args[0].Type()) {
			_, name, _ := cutLast(fullName(origin(fn)))
			whole, view := views[name]
			return view && (!whole || isView(v.Call.Args[0], depth+1))
		}
	case *ssa.Phi:
		for _, e := range v.Edges {
			if isView(e, depth+1) {
				return true
			}
		}
	case *ssa.UnOp:
		if a, ok := v.X.(*ssa.Alloc); ok {
			for _, ref := range *a.Referrers() {
				if st, ok := ref.(*ssa.Store); ok && st.Addr == a && isView(st.Val, depth+1) {
					return true
				}
			}
		}
	}
	return false
}

// harmlessCall reports whether a call does not look at the memory of its argument v.
func harmlessCall(instr ssa.CallInstruction, v ssa.Value) bool {
	common := instr.Common()
	if b, ok := common.Value.(*ssa.Builtin); ok {
		switch b.Name() {
		case "len", "cap", "print", "println":
			return true
		case "append": // to nothing is no use
			return false
		}
		return false
	}
	name := ""
	if common.IsInvoke() {
		name = methodName(common.Method)
	} else if fn := common.StaticCallee(); fn != nil {
		name = fullName(origin(fn))
	}
	rest, ok := strings.CutPrefix(name, Path+"/")
	if !ok {
		return false
	}
	_, method, _ := cutLast(rest)
	if len(common.Args) == 0 || common.Args[0] != v {
		return false
	}
	switch method {
	case "Live", "Len", "Shape", "Strides", "Rank", "Dim", "IsContiguous", "String", "Similar", "End", "Late", "Stats", "Stamp":
		return true
	}
	return false
}

func isContext(t types.Type) bool { return isNamed(t, "context", "Context") }

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

func isSlice(t types.Type) bool { _, ok := t.Underlying().(*types.Slice); return ok }

func isNamed(t types.Type, pkg, name string) bool {
	n := named(t)
	return n != nil && n.Obj().Name() == name && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == pkg
}

// sliceElem returns the element type of a slice type, or of the slice types that a type
// parameter stands for; nil if there is none.
func sliceElem(t types.Type) types.Type {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return u.Elem()
	case *types.Interface: // of a type parameter
		for i := range u.NumEmbeddeds() {
			e := u.EmbeddedType(i)
			if union, ok := e.(*types.Union); ok && union.Len() > 0 {
				e = union.Term(0).Type()
			}
			if elem := sliceElem(e); elem != nil {
				return elem
			}
		}
	}
	return nil
}

// named returns the named type of a value or of what it points at.
func named(t types.Type) *types.Named {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, _ := t.(*types.Named)
	return n
}

// isArray reports whether t is an array type of the library: one with a method Similar
// or Release that is declared there.
func isArray(t types.Type) bool {
	n := named(t)
	if n == nil || n.Obj().Pkg() == nil || !isOurs(n.Obj().Pkg().Path()) {
		return false
	}
	if n.Obj().Name() == "AllocArray" {
		return true
	}
	for i := range n.NumMethods() {
		if name := n.Method(i).Name(); name == "Similar" || name == "Move" {
			return true
		}
	}
	return false
}

// isBuffer reports whether t is an allocator of the library.
func isBuffer(t types.Type) bool {
	n := named(t)
	if n == nil || n.Obj().Pkg() == nil || !isOurs(n.Obj().Pkg().Path()) {
		return false
	}
	return hasMethod(n, "Alloc") && !isNamed(t, Path+"/offheap", "Heap")
}

func hasMethod(n *types.Named, name string) bool {
	obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(n), true, n.Obj().Pkg(), name)
	if obj == nil {
		obj, _, _ = types.LookupFieldOrMethod(n, true, n.Obj().Pkg(), name)
	}
	_, ok := obj.(*types.Func)
	return ok
}

// constBytes returns the size of an allocation whose element type and length are
// constant, or 0.
func constBytes(c *call) int64 {
	fn := c.instr.Common().StaticCallee()
	if fn == nil || len(fn.TypeArgs()) == 0 || len(c.args) < 2 {
		return 0
	}
	size := types.SizesFor("gc", "amd64")
	elem := fn.TypeArgs()[0]
	if isParameterised(elem, 0) {
		return 0
	}
	if k, ok := c.args[1].(*ssa.Const); ok && k.Value != nil && isInt(k.Type()) {
		return k.Int64() * size.Sizeof(elem)
	}
	// New[T](ctx, 2, 3)
	last, ok := c.args[len(c.args)-1].(*ssa.Slice)
	if !ok {
		return 0
	}
	a, ok := last.X.(*ssa.Alloc)
	if !ok || a.Comment != "varargs" {
		return 0
	}
	n := int64(1)
	for _, ref := range *a.Referrers() {
		ia, ok := ref.(*ssa.IndexAddr)
		if !ok {
			continue
		}
		for _, r := range *ia.Referrers() {
			st, ok := r.(*ssa.Store)
			if !ok {
				continue
			}
			k, ok := st.Val.(*ssa.Const)
			if !ok || k.Value == nil || !isInt(k.Type()) {
				return 0
			}
			n *= k.Int64()
		}
	}
	return n * size.Sizeof(elem)
}

func isInt(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}

// isParameterised reports whether the size of a type depends on a type parameter.
func isParameterised(t types.Type, depth int) bool {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok || depth > 10 {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		return isParameterised(u.Elem(), depth+1)
	case *types.Struct:
		for i := range u.NumFields() {
			if isParameterised(u.Field(i).Type(), depth+1) {
				return true
			}
		}
	}
	return false
}

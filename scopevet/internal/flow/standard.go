package flow

import (
	"go/types"
	"strings"
)

// A what says what a function does with its arguments; the zero what is nothing.
type what struct {
	alias []int // arguments that results are or contain
	elems int   // 1 + argument whose elements the result has, copied
	keep  []int // arguments that the receiver keeps
	async int   // 1 + argument that is called later, elsewhere
	how   string
	calls int  // 1 + argument that is called, now
	ctx   bool // the first result is the context that it got
}

// known are functions that pass memory on, keep it, or call what they get later. What is
// not here and has no summary does nothing that is known.
var known = map[string]what{
	"context.Background":                     {},
	"context.TODO":                           {},
	"context.WithCancel":                     {ctx: true},
	"context.WithCancelCause":                {ctx: true},
	"context.WithTimeout":                    {ctx: true},
	"context.WithTimeoutCause":               {ctx: true},
	"context.WithDeadline":                   {ctx: true},
	"context.WithDeadlineCause":              {ctx: true},
	"context.WithoutCancel":                  {ctx: true},
	"context.WithValue":                      {alias: []int{0, 2}},
	"context.AfterFunc":                      {async: 2, how: "context.AfterFunc"},
	"context.Context.Value":                  {},
	"net/http.Request.Context":               {},
	"net/http.TimeoutHandler":                {},
	"net/http.ServeMux.Handle":               {keep: []int{2}},
	"net/http.StripPrefix":                   {alias: []int{1}},
	"errors.Join":                            {elems: 1, alias: []int{0}},
	"bytes.NewReader":                        {alias: []int{0}},
	"bytes.NewBuffer":                        {alias: []int{0}},
	"bytes.Buffer.Bytes":                     {},
	"bytes.TrimSpace":                        {alias: []int{0}},
	"bytes.Trim":                             {alias: []int{0}},
	"bytes.TrimLeft":                         {alias: []int{0}},
	"bytes.TrimRight":                        {alias: []int{0}},
	"bytes.TrimPrefix":                       {alias: []int{0}},
	"bytes.TrimSuffix":                       {alias: []int{0}},
	"bytes.Split":                            {alias: []int{0}},
	"bytes.Fields":                           {alias: []int{0}},
	"bytes.Cut":                              {alias: []int{0}},
	"bufio.NewReader":                        {alias: []int{0}},
	"bufio.NewReaderSize":                    {alias: []int{0}},
	"bufio.NewScanner":                       {alias: []int{0}},
	"io.NopCloser":                           {alias: []int{0}},
	"io.LimitReader":                         {alias: []int{0}},
	"io.MultiReader":                         {alias: []int{0}, elems: 1},
	"io.TeeReader":                           {alias: []int{0, 1}},
	"slices.Clone":                           {elems: 1},
	"slices.Sorted":                          {elems: 1},
	"slices.SortedFunc":                      {elems: 1, calls: 2},
	"slices.Concat":                          {elems: 1},
	"slices.Repeat":                          {elems: 1},
	"slices.Collect":                         {elems: 1},
	"slices.Clip":                            {alias: []int{0}},
	"slices.Grow":                            {alias: []int{0}},
	"slices.Insert":                          {alias: []int{0}, elems: 3},
	"slices.Replace":                         {alias: []int{0}, elems: 4},
	"slices.Delete":                          {alias: []int{0}},
	"slices.DeleteFunc":                      {alias: []int{0}, calls: 2},
	"slices.Compact":                         {alias: []int{0}},
	"slices.CompactFunc":                     {alias: []int{0}, calls: 2},
	"slices.AppendSeq":                       {alias: []int{0}, elems: 2},
	"slices.Values":                          {alias: []int{0}},
	"slices.All":                             {alias: []int{0}},
	"slices.Backward":                        {alias: []int{0}},
	"slices.Chunk":                           {alias: []int{0}},
	"maps.Clone":                             {elems: 1},
	"maps.Values":                            {alias: []int{0}},
	"maps.Keys":                              {alias: []int{0}},
	"maps.All":                               {alias: []int{0}},
	"reflect.ValueOf":                        {alias: []int{0}},
	"reflect.Value.Interface":                {alias: []int{0}},
	"reflect.Value.Slice":                    {alias: []int{0}},
	"reflect.Value.Bytes":                    {alias: []int{0}},
	"reflect.Value.Set":                      {keep: []int{1}},
	"reflect.Indirect":                       {alias: []int{0}},
	"reflect.Value.Elem":                     {alias: []int{0}},
	"sync.Pool.Put":                          {keep: []int{1}, how: "a sync.Pool"},
	"sync.Pool.Get":                          {alias: []int{0}},
	"sync.Map.Store":                         {keep: []int{1, 2}, how: "a sync.Map"},
	"sync.Map.LoadOrStore":                   {keep: []int{1, 2}, alias: []int{0, 2}, how: "a sync.Map"},
	"sync.Map.Swap":                          {keep: []int{1, 2}, alias: []int{0}, how: "a sync.Map"},
	"sync.Map.CompareAndSwap":                {keep: []int{3}, how: "a sync.Map"},
	"sync.Map.Load":                          {alias: []int{0}},
	"sync.Map.LoadAndDelete":                 {alias: []int{0}},
	"sync/atomic.Value.Store":                {keep: []int{1}, how: "an atomic value"},
	"sync/atomic.Value.Swap":                 {keep: []int{1}, alias: []int{0}, how: "an atomic value"},
	"sync/atomic.Value.Load":                 {alias: []int{0}},
	"sync/atomic.Pointer.Store":              {keep: []int{1}, how: "an atomic pointer"},
	"sync/atomic.Pointer.Swap":               {keep: []int{1}, alias: []int{0}, how: "an atomic pointer"},
	"sync/atomic.Pointer.Load":               {alias: []int{0}},
	"sync/atomic.StorePointer":               {keep: []int{1}, how: "an atomic pointer"},
	"container/heap.Push":                    {keep: []int{1}, how: "a heap"},
	"container/heap.Pop":                     {alias: []int{0}},
	"container/list.New":                     {},
	"container/list.List.Front":              {alias: []int{0}},
	"container/list.List.Back":               {alias: []int{0}},
	"container/list.List.Remove":             {alias: []int{0, 1}},
	"container/list.Element.Next":            {alias: []int{0}},
	"container/list.Element.Prev":            {alias: []int{0}},
	"time.AfterFunc":                         {async: 2, how: "a timer"},
	"runtime.SetFinalizer":                   {async: 2, how: "a finalizer"},
	"runtime.AddCleanup":                     {async: 2, how: "a cleanup"},
	"testing.T.Cleanup":                      {async: 2, how: "a cleanup"},
	"testing.B.Cleanup":                      {async: 2, how: "a cleanup"},
	"testing.common.Cleanup":                 {async: 2, how: "a cleanup"},
	"testing.TB.Cleanup":                     {async: 2, how: "a cleanup"},
	"sync.WaitGroup.Go":                      {async: 2, how: "a goroutine"},
	"sync.Once.Do":                           {calls: 2},
	"golang.org/x/sync/errgroup.Group.Go":    {async: 2, how: "a goroutine"},
	"golang.org/x/sync/errgroup.Group.TryGo": {async: 2, how: "a goroutine"},
	"golang.org/x/sync/errgroup.WithContext": {},
	"runtime.KeepAlive":                      {},
	"os/signal.NotifyContext":                {ctx: true},
	"net/http.Request.WithContext":           {alias: []int{0}},
}

func init() {
	for _, name := range []string{"PushBack", "PushFront", "InsertBefore", "InsertAfter"} {
		known["container/list.List."+name] = what{keep: []int{1}, alias: []int{0}, how: "a list"}
	}
}

// standard applies what is known of a function outside the library.
func (s *state) standard(c *call) bool {
	w, ok := known[c.name]
	if !ok {
		if _, name, _ := cutLast(c.name); name == "Wait" && len(c.args) == 1 {
			if n := named(c.args[0].Type()); n != nil && n.Obj().Pkg() != nil && (n.Obj().Pkg().Path() == "sync" || strings.HasSuffix(n.Obj().Pkg().Path(), "/errgroup")) {
				s.wait(c.instr, s.reach(c.tree(0)))
				return true
			}
		}
		return false
	}
	switch c.name {
	case "net/http.TimeoutHandler":
		c.result(0, setOf(s.object(c.instr, "timeout", "timeout")))
		return true
	case "net/http.Request.Context":
		c.resultTree(0, s.load(c.instr, c.arg(0), ".ctx"))
		return true
	case "net/http.Request.WithContext":
		o := s.object(c.instr, "request", "")
		s.put(o, ".ctx", c.arg(1))
		c.result(0, setOf(o))
		return true
	case "golang.org/x/sync/errgroup.WithContext":
		c.result(0, setOf(s.object(c.instr, "errgroup", "")))
		c.result(1, c.arg(0))
		return true
	case "runtime.AddCleanup":
		if len(c.args) > 2 {
			s.goes(c.instr, s.reach(c.tree(2)), w.how, c.pos())
		}
	}
	if w.ctx {
		c.resultTree(0, c.tree(0))
	}
	for i, t := range c.results() {
		if !canHold(t) || isBool(t) {
			continue
		}
		for _, j := range w.alias {
			c.resultTree(i, c.tree(j))
		}
		if w.elems > 0 {
			o := s.object(c.instr, "copy", "")
			elems := s.load(nil, c.arg(w.elems-1), "[]")
			for p, b := range elems {
				// values of maps and sequences are reached through what they alias
				for a := range b {
					if a.kind != kMem || holdsElems(t) {
						s.put(o, "[]"+p, setOf(a))
					}
				}
			}
			if holdsElems(t) {
				for a := range c.arg(w.elems - 1) {
					if a.kind == kObj && a.fn == nil {
						s.putTree(o, "[]", s.load(nil, setOf(a), "[]"))
					}
				}
				c.result(i, setOf(o))
			}
		}
	}
	if len(w.keep) > 0 {
		how := w.how
		for _, i := range w.keep {
			if i < len(c.args) {
				s.storeTree(c.instr, c.arg(0), "", tree{"": c.tree(i).all()}, how, c.pos())
			}
		}
	}
	if w.calls > 0 {
		for _, f := range sorted(c.arg(w.calls - 1)) {
			if f.kind == kObj && f.fn != nil {
				s.runClosure(c.instr, "calls", f, nil, false, nil)
			} else if f.kind == kSym {
				s.callback(c.instr, 2, f, nil, false, nil, c.pos(), 0, "")
			}
		}
	}
	if w.async > 0 {
		i := w.async - 1
		s.goes(c.instr, s.reachAt(c.instr, c.tree(i)), w.how, c.pos())
		if s.recording && (c.name == "sync.WaitGroup.Go" || strings.Contains(c.name, "errgroup")) {
			s.events.goes[len(s.events.goes)-1].on = s.reach(c.tree(0)) // which is what Wait is called on
		}
		for _, f := range sorted(c.arg(i)) {
			if f.kind == kObj && f.fn != nil {
				s.runClosure(c.instr, "later", f, nil, true, nil)
			} else if f.kind == kSym {
				s.callback(c.instr, 3, f, nil, true, c.arg(0), c.pos(), 0, "")
			}
		}
	}
	return true
}

func isBool(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

// holdsElems reports whether copying a value of the type leaves its elements shared.
func holdsElems(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return canHold(u.Elem())
	case *types.Map:
		return canHold(u.Elem()) || canHold(u.Key())
	}
	return true
}

// isStdName reports whether the function with the name is of the standard library.
func isStdName(name string) bool {
	pkg := name
	if i := strings.LastIndexByte(pkg, '/'); i >= 0 {
		pkg = pkg[:i]
	}
	first, _, _ := strings.Cut(pkg, "/")
	if i := strings.IndexByte(name, '/'); i < 0 {
		return true // of a package like slices, or the program's own
	}
	return !strings.Contains(first, ".")
}

package flow

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// events are what a function does, in terms of its own atoms. Positions are those of
// the statement in the function, or in a function literal in it.
type events struct {
	stores    []storeEvent
	allocs    []allocEvent
	releases  []releaseEvent
	goes      []goEvent
	waits     map[ssa.Instruction]set
	reads     map[ssa.Instruction]set // what of the caller's, or of a variable's, calls read
	symReads  set
	readBy    []readEvent
	unknown   []unknownEvent
	callbacks []callbackEvent
	flat      map[int]bool
	fast      map[int]bool
	served    []servedEvent
	inner     []loopEvent // of function literals
	shared    []loopEvent // contexts that goroutines of callees share
}

type storeEvent struct {
	instr ssa.Instruction
	at    loc
	what  tree
	sink  string
	must  bool
	async bool
	told  set // scopes of the function that does it, where that was reported
	order int // of the function that the callee calls, among these; 0 is the callee
	under []*atom
	pos   token.Pos
}

type allocEvent struct {
	instr ssa.Instruction
	ctx   set
	uses  string
	bytes int64 // 0 if that is not constant
	kept  bool  // by the callee's callers, or in an object
	own   bool  // the instruction is the allocation itself
	async bool
	under []*atom // the scopes whose functions do it
	pos   token.Pos
}

type releaseEvent struct {
	instr ssa.Instruction
	what  set
	kind  string
	later bool // deferred
	async bool
	under []*atom
	pos   token.Pos
}

type goEvent struct {
	instr ssa.Instruction
	uses  set
	ctxs  set // contexts that it allocates through, of callees
	on    set // what one waits for it with, besides what it uses
	how   string
	under []*atom
	pos   token.Pos
}

type unknownEvent struct {
	instr ssa.Instruction
	args  set
	what  string
	under []*atom
	pos   token.Pos
}

type callbackEvent struct {
	instr  ssa.Instruction
	site   int
	fn     *atom
	args   []tree
	async  bool
	await  set
	serve  bool
	scoped bool
	under  []*atom
	pos    token.Pos
}

func (s *state) wait(instr ssa.Instruction, on set) {
	if !s.recording {
		return
	}
	if s.events.waits == nil {
		s.events.waits = make(map[ssa.Instruction]set)
	}
	if s.events.waits[instr] == nil {
		s.events.waits[instr] = make(set)
	}
	s.events.waits[instr].add(on)
}

// read records that a load sees what the caller has put there.
func (s *state) read(v ssa.Value, from ssa.Value) {
	if !s.recording {
		return
	}
	loaded := s.value(v)
	for a := range s.get(from) {
		l, ok := place(a)
		if !ok || l.obj.kind != kSym {
			continue
		}
		if init := s.initial(l); loaded[""].has(init) && s.matters(v) {
			s.symRead(init)
		}
	}
}

func (s *state) symRead(a *atom) {
	if s.events.symReads == nil {
		s.events.symReads = make(set)
	}
	s.events.symReads[a] = struct{}{}
}

func (s *state) readAt(instr ssa.Instruction, what set) {
	if s.events.reads == nil {
		s.events.reads = make(map[ssa.Instruction]set)
	}
	if s.events.reads[instr] == nil {
		s.events.reads[instr] = make(set)
	}
	s.events.reads[instr].add(what)
}

func (s *state) goes(instr ssa.Instruction, uses set, how string, pos token.Pos) {
	if s.recording {
		s.events.goes = append(s.events.goes, goEvent{instr: instr, uses: uses, how: how, under: s.under, pos: pos})
	}
}

func (s *state) alloc(c *call, ctx set, uses string, bytes int64) {
	if s.recording && len(ctx) > 0 {
		s.events.allocs = append(s.events.allocs, allocEvent{instr: c.instr, ctx: ctx, uses: uses, bytes: bytes, own: true, async: c.async, under: s.under, pos: c.pos()})
	}
}

func (s *state) release(c *call, what set, kind string) {
	if s.recording && len(what) > 0 {
		s.events.releases = append(s.events.releases, releaseEvent{instr: c.instr, what: what, kind: kind, later: c.later, async: c.async, under: s.under, pos: c.pos()})
	}
}

// matters reports whether what was loaded is used for more than its length or whether
// it is nil.
func (s *state) matters(v ssa.Value) bool {
	refs := v.Referrers()
	if refs == nil {
		return true
	}
	for _, ref := range *refs {
		if !harmless(ref, v) {
			return true
		}
	}
	return false
}

// harmless reports whether instr does not look at the memory of v.
func harmless(instr ssa.Instruction, v ssa.Value) bool {
	switch instr := instr.(type) {
	case *ssa.DebugRef, *ssa.If:
		return true
	case *ssa.BinOp:
		return true // a comparison with nil, or of interfaces
	case *ssa.Slice:
		if c, ok := instr.Max.(*ssa.Const); ok && c.Value != nil && c.Int64() == 0 {
			return true
		}
	case ssa.CallInstruction:
		return harmlessCall(instr, v)
	}
	return false
}

// A servedEvent is a call of ServeHTTP of a handler that http.TimeoutHandler made.
type servedEvent struct {
	under  []*atom
	scoped bool
	pos    token.Pos
}

// A loopEvent is a loop that leaves memory behind if its context has a buffer.
type loopEvent struct {
	ctx   set
	bytes int64
	pos   token.Pos
}

// A readEvent is what a function reads that is given to a call.
type readEvent struct {
	instr ssa.Instruction
	what  set
	order int
	under []*atom
}

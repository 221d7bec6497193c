package trial

import (
	"slices"

	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Subject is what programs run over.
type Subject struct {
	// New returns a fresh one.
	New func() Instance
	// Name is how programs call the constructor, as in "newPool()".
	Name string
	// Level says which contract is on trial.
	Level Level
	// Room is how many bytes a fresh one has at least.
	Room uintptr
	// Tight says that Alloc may refuse for a reason the model does not know.
	Tight bool
	// Exact says that what a refusal calls available must be. It is too much to
	// ask of a buffer whose source rounds sizes up.
	Exact bool
}

// An Instance is one allocator to run a program over.
type Instance struct {
	Allocator scope.Allocator
	// Before, if not nil, is called before each Alloc.
	Before func()
	// After, if not nil, looks at each result of Alloc, and says whether a refusal has
	// a reason that the model does not know.
	After func(size, align uintptr, b memory.Block, err error) (excused bool)
	// Finish, if not nil, looks at the state in the end.
	Finish func()
}

// A Level says which operations a program may use, and what it may expect.
type Level int

// The levels; each contains those before it.
const (
	AsAllocator Level = iota
	AsCheckpointer
	AsBuffer
)

// Plain returns a subject of allocators that need no watching, each with room bytes.
func Plain[A scope.Allocator](level Level, room uintptr, new func() A) Subject {
	return Subject{New: func() Instance { return Instance{Allocator: new()} }, Name: "new()", Level: level, Room: room}
}

// Run runs program over a fresh allocator and returns the first rule it breaks.
func (s Subject) Run(program Program) *Violation {
	return newMachine(s).run(program)
}

// patience bounds how many operations are run to make a program shorter.
const patience = 50_000

// Judge is Run, and returns with the violation the shortest program found that breaks
// the same rule.
func (s Subject) Judge(program Program) *Violation {
	found := s.Run(program)
	if found == nil {
		return nil
	}
	steps := 0
	breaks := func(p []Op) bool {
		if steps > patience {
			return false
		}
		m := newMachine(s)
		v := m.run(p)
		steps += 10 + m.steps
		return v != nil && v.Rule == found.Rule
	}
	short := Shrink(slices.Clone(program), Op.simpler, breaks)
	m := newMachine(s)
	m.trace.on = true
	if v := m.run(short); v != nil && v.Rule == found.Rule {
		found = v
	} else {
		found.Message += " (not when run again: below is what it tried)"
	}
	found.Program = m.trace.text()
	return found
}

package flow

import (
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A kind says what an atom stands for.
type kind uint8

const (
	kSym   kind = iota // what a parameter, a captured variable or a global holds, or what is reached from it by a path
	kObj               // an object made in this function: a variable, a composite, a closure, a map, a channel
	kMem               // memory that was allocated through the context base
	kScope             // a scope: J is 0 for its context, 1 for its handle
	kOver              // the context of the allocator base
	kRef               // the address of the part Path of the object base
	kRes               // result J of a call of a function that only the caller knows
)

// An atom is what a value may be, or may point at. Atoms of one function are interned:
// equal ones are identical.
type atom struct {
	kind kind
	at   int    // the site that made it, see fn.sites; for kSym the index of its root
	j    int    // which of those made at the site
	root byte   // kSym: 'p' parameter, 'f' captured variable, 'g' global
	path string // kSym, kRef
	name string // kSym of a global: its package and name
	base *atom
	fn   *ssa.Function // kObj: the function of a closure
	tag  string        // kObj: what a model made, such as "buffer"
}

// A set is a set of atoms.
type set map[*atom]struct{}

func setOf(atoms ...*atom) set {
	s := make(set, len(atoms))
	for _, a := range atoms {
		s[a] = struct{}{}
	}
	return s
}

// add adds the atoms of t to s and reports whether s grew.
func (s set) add(t set) bool {
	n := len(s)
	for a := range t {
		s[a] = struct{}{}
	}
	return len(s) > n
}

func (s set) has(a *atom) bool { _, ok := s[a]; return ok }

// meets reports whether s and t have an atom in common.
func (s set) meets(t set) bool {
	for a := range s {
		if t.has(a) {
			return true
		}
	}
	return false
}

// A loc is a place in memory: the part path of an object.
type loc struct {
	obj  *atom
	path string
}

// Paths are sequences of tokens: ".3" is a field, "[]" an element (all elements are one),
// "*" what a pointer points at, ".ctx" and the like are parts that models keep.
const maxTokens = 6

func isToken(c byte) bool { return c == '.' || c == '[' || c == '*' || c == '#' }

// tokens counts the tokens of a path.
func tokens(p string) (n int) {
	for i := range len(p) {
		if isToken(p[i]) {
			n++
		}
	}
	return n
}

// join appends path q to p, and gives up precision beyond maxTokens.
func join(p, q string) string {
	if q == "" || tokens(p)+tokens(q) <= maxTokens {
		return p + q
	}
	if tokens(p) >= maxTokens {
		return p
	}
	head, rest := cutToken(q)
	return join(p+head, rest)
}

// cutToken splits the first token off.
func cutToken(p string) (head, rest string) {
	for i := 1; i < len(p); i++ {
		if isToken(p[i]) {
			return p[:i], p[i:]
		}
	}
	return p, ""
}

// under reports whether p is q or a part of it, and which.
func under(p, q string) (rest string, ok bool) {
	if !strings.HasPrefix(p, q) {
		return "", false
	}
	rest = p[len(q):]
	return rest, rest == "" || isToken(rest[0])
}

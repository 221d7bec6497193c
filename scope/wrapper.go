package scope

import "fmt"

// As returns the first allocator in a's chain of wrappers that is a T, usually
// an optional ability such as [Checkpointer]. The chain is a itself, then what
// its Unwrap method returns, and so on; as http.ResponseController does.
func As[T any](a Allocator) (T, bool) {
	for {
		if t, ok := a.(T); ok {
			return t, true
		}
		w, ok := a.(interface{ Unwrap() Allocator })
		if !ok {
			var none T
			return none, false
		}
		a = w.Unwrap()
	}
}

// A Wrapper is an [Allocator] that changes what another does: limits it, counts
// it, falls back when it fails. Rewrap returns the same wrapper, sharing its
// books, around another allocator: [NoEscape] needs it to keep the wrapper in
// force inside a private region, which allocates from elsewhere.
type Wrapper interface {
	Allocator
	Unwrap() Allocator
	Rewrap(inner Allocator) Allocator
}

// rewrap puts the wrappers that stand in a's chain before the Regioner around the
// region that it opened.
func rewrap(a, region Allocator) Allocator {
	if _, opener := a.(Regioner); opener {
		return region
	}
	w, ok := a.(Wrapper)
	if !ok {
		panic(misuse("%T has Unwrap but no Rewrap: allocations in a private region would bypass it", a))
	}
	return w.Rewrap(rewrap(w.Unwrap(), region))
}

// nameOf names an allocator in a message.
func nameOf(a Allocator) string {
	if s, ok := a.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", a)
}

package memory

// A Wrapper is an [Allocator] that changes what another does: limits it, counts
// it, falls back when it fails. Rewrap returns the same wrapper, sharing its
// records, around another allocator: scope.NoEscape needs it to keep the wrapper in
// force inside a private region, which allocates from elsewhere.
type Wrapper interface {
	Allocator
	Unwrap() Allocator
	Rewrap(inner Allocator) Allocator
}

// Unwrap returns the allocator that a wraps: the result of its method Unwrap, or nil
// if it has none.
func Unwrap(a Allocator) Allocator {
	if w, ok := a.(interface{ Unwrap() Allocator }); ok {
		return w.Unwrap()
	}
	return nil
}

// As returns the first allocator in a's chain of wrappers that is a T, usually
// an optional ability such as [Checkpointer]. The chain is a itself, then what
// [Unwrap] returns of it, and so on; as http.ResponseController does.
func As[T any](a Allocator) (T, bool) {
	for ; a != nil; a = Unwrap(a) {
		if t, ok := a.(T); ok {
			return t, true
		}
	}
	var none T
	return none, false
}

package memory

// A Wrapper is an [Allocator] that wraps another, to limit it, to count it, or to
// fall back when it fails. Rewrap returns the same wrapper, sharing its records,
// around another allocator: scope.NoEscape uses it to keep the wrapper in force
// inside a private region, which has an allocator of its own.
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
// an optional ability such as [Checkpointer]. The chain is a, then Unwrap(a), and
// so on, as in http.ResponseController.
func As[T any](a Allocator) (T, bool) {
	for ; a != nil; a = Unwrap(a) {
		if t, ok := a.(T); ok {
			return t, true
		}
	}
	var none T
	return none, false
}

package allocarray

// Reachable returns how many layouts that of a refers to, itself included.
func Reachable[T Element](a AllocArray[T]) int {
	seen := map[*layout]bool{}
	var visit func(l *layout)
	visit = func(l *layout) {
		if l == nil || seen[l] {
			return
		}
		seen[l] = true
		visit(l.head.Load())
		visit(l.tail.Load())
		visit(l.reversed.Load())
	}
	visit(a.layout)
	return len(seen)
}

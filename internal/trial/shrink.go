package trial

import "iter"

// Shrink returns a program, no part of which can be left out or made simpler without
// it failing no more: first whole stretches of operations go, then single ones, then
// those that are left become simpler, all over again until nothing more goes. simpler
// yields what an operation may be replaced by, which must come to an end.
func Shrink[O any](program []O, simpler func(O) iter.Seq[[]O], fails func([]O) bool) []O {
	try := func(candidate []O) bool {
		if !fails(candidate) {
			return false
		}
		program = candidate
		return true
	}
	for changed := true; changed; {
		changed = false
		for n := len(program); n > 0; n /= 2 {
			for i := 0; i+n <= len(program); {
				if try(splice(program, i, n, nil)) {
					changed = true
				} else {
					i += max(1, n/2)
				}
			}
		}
		for i := 0; i < len(program); i++ {
			for simple := true; simple && i < len(program); {
				simple = false
				for with := range simpler(program[i]) {
					if try(splice(program, i, 1, with)) {
						simple, changed = true, true
						break
					}
				}
			}
		}
	}
	return program
}

// splice returns p with n operations from i on replaced.
func splice[O any](p []O, i, n int, with []O) []O {
	out := make([]O, 0, len(p)-n+len(with))
	return append(append(append(out, p[:i]...), with...), p[i+n:]...)
}

// sane is a size that a machine can supply many times.
const sane = 16 << 20

// Smaller yields simpler values than n, the simplest first: numbers of few digits, then
// from half of n up to n-1. Between what is absurd and what is sane it yields nothing:
// an allocator might try to supply it.
func Smaller(n uintptr) iter.Seq[uintptr] {
	return func(yield func(uintptr) bool) {
		for _, simple := range []uintptr{0, 1, 8, 64, 1000, 4096} {
			if simple < n && !yield(simple) {
				return
			}
		}
		for step := n / 2; step > 0 && n <= sane; step /= 2 {
			if !yield(n - step) {
				return
			}
		}
	}
}

// simpler yields what op may be replaced by.
func (op Op) simpler() iter.Seq[[]Op] {
	return func(yield func([]Op) bool) {
		if len(op.Body) > 0 && !yield(op.Body) {
			return
		}
		if op.Kind == Scope && !yield(append([]Op{{Kind: Checkpoint}}, op.Body...)) {
			return
		}
		for i := range op.Body {
			for n := len(op.Body) - i; n > 0; n /= 2 {
				if !yield(op.with(splice(op.Body, i, n, nil))) {
					return
				}
			}
			for with := range op.Body[i].simpler() {
				if !yield(op.with(splice(op.Body, i, 1, with))) {
					return
				}
			}
		}
		if op.End != ByReturn {
			plain := op
			plain.End = ByReturn
			if !yield([]Op{plain}) {
				return
			}
		}
		op.numbers(yield)
	}
}

// with returns op, around another body.
func (op Op) with(body Program) []Op {
	op.Body = body
	return []Op{op}
}

// numbers yields op with one of its numbers smaller.
func (op Op) numbers(yield func([]Op) bool) {
	for n := range Smaller(op.Size) {
		less := op
		if less.Size = n; !yield([]Op{less}) {
			return
		}
	}
	for n := range Smaller(op.Align) {
		less := op
		power := n&(n-1) == 0
		if less.Align = n; power == (op.Kind != Misalloc) && !yield([]Op{less}) {
			return
		}
	}
	for n := range Smaller(uintptr(op.N)) {
		less := op
		if less.N = int(n); !yield([]Op{less}) {
			return
		}
	}
}

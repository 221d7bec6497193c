package corpus

import (
	"errors"
	"fmt"
)

// A Program makes one mistake.
type Program struct {
	Name string // within its family
	What string // the mistake, as docs/safety.md has it

	Kinds  []Kind // of memory in which it makes sense; all if nil
	Timing bool   // what comes of it depends on timing
	Races  bool   // it has a data race
	Pages  bool   // it needs pages that can be protected
	Cut    string // the message is told up to the end of this text

	// run makes the mistake with memory of a kind. It returns nil if its own checks
	// found that no harm was done, wrong or unnoticed if there was, and the error or
	// the panic by which the mistake was caught.
	run func(k Kind) error
}

// A Family is the programs whose mistakes are alike.
type Family struct {
	Name, Title string
	Single      bool   // the kind of memory makes no difference
	Kinds       []Kind // of memory, the columns of the table; those of the variable Kinds if nil
	Programs    []Program
}

// Families are the corpus, in the order of docs/safety.md.
var Families = []Family{
	{Name: "escape", Title: "Escape", Programs: escapes},
	{Name: "meanwhile", Title: "The end of a scope during an operation", Programs: meanwhiles},
	{Name: "release", Title: "Use after release", Programs: releases},
	{Name: "early", Title: "Release and Move of one array", Kinds: releasing, Programs: earlies},
	{Name: "order", Title: "Release at the wrong time", Programs: orders},
	{Name: "bounds", Title: "Bounds", Programs: bounds},
	{Name: "sharing", Title: "Sharing", Programs: sharings},
	{Name: "ending", Title: "Scopes that end early", Programs: endings},
	{Name: "open", Title: "Scopes that Open begins, and builders", Programs: opens},
	{Name: "leak", Title: "Leaks", Single: true, Programs: leaks},
	{Name: "offheap", Title: "Memory outside the Go heap", Single: true, Programs: offHeaps},
	{Name: "allocator", Title: "Allocators that break their contract, and wrong arguments", Single: true, Programs: allocators},
}

// In returns the kinds of memory in which p runs as a program of f.
func (f Family) In(p Program) []Kind {
	switch {
	case f.Single:
		return []Kind{Any}
	case p.Kinds != nil:
		return p.Kinds
	}
	return f.Columns()
}

// Columns returns the kinds of memory that have a column in the table of f.
func (f Family) Columns() []Kind {
	switch {
	case f.Single:
		return []Kind{Any}
	case f.Kinds != nil:
		return f.Kinds
	}
	return Kinds
}

// A Verdict says what came of a mistake. The smaller, the weaker.
type Verdict int

// The verdicts.
const (
	Skipped   Verdict = iota // the program cannot run here
	Wrong                    // somebody's data is not what they wrote
	Unnoticed                // no harm was seen, and nothing was said
	Hangs                    // no end was seen
	Dies                     // the process ended
	Caught                   // an error or a panic says what was wrong
	Correct                  // the program does what its author meant, or no harm
)

var verdicts = [...]string{"–", "wrong data", "unnoticed", "hangs", "ends the program", "caught", "correct"}

// String returns the verdict as docs/safety.md has it.
func (v Verdict) String() string { return verdicts[v] }

// ParseVerdict is the inverse of String.
func ParseVerdict(s string) (Verdict, error) {
	for i, name := range verdicts {
		if s == name {
			return Verdict(i), nil
		}
	}
	return 0, fmt.Errorf("misuse: no verdict is called %q", s)
}

// wrong is what a program returns, or panics with, that found data changed.
type wrong string

func (w wrong) Error() string { return string(w) }

// What else a program may return.
var (
	errUnnoticed = errors.New("nothing was said")
	errSkipped   = errors.New("cannot run here")
)

// Run runs p with memory of kind k. It returns the message if the mistake was caught,
// and what was wrong if data was.
func (p Program) Run(k Kind) (v Verdict, message string) {
	err := try(func() error { return p.run(k) })
	var bad wrong
	switch {
	case err == nil:
		return Correct, ""
	case errors.As(err, &bad):
		return Wrong, string(bad)
	case errors.Is(err, errUnnoticed):
		return Unnoticed, ""
	case errors.Is(err, errSkipped):
		return Skipped, ""
	}
	return Caught, err.Error()
}

// try returns f's error, or the value of its panic as one.
func try(f func() error) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case error:
			err = v
		default:
			err = fmt.Errorf("%v", v)
		}
	}()
	return f()
}

// inGoroutine is try in a goroutine of its own; it waits for its end.
func inGoroutine(f func() error) error {
	done := make(chan error)
	go func() { done <- try(f) }()
	return <-done
}

// expect panics with what was wrong unless ok.
func expect(ok bool, format string, args ...any) {
	if !ok {
		panic(wrong(fmt.Sprintf(format, args...)))
	}
}

// must panics if something failed that is not the mistake.
func must(err error) {
	if err != nil {
		panic(fmt.Errorf("misuse: this should not fail: %w", err))
	}
}

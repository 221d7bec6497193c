package scopetest

import (
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/allocarrays/allocarrays-go/internal/trial"
)

// findings are what was found, the first violation of each rule.
type findings []*trial.Violation

func (f findings) has(rule *trial.Rule) bool { return f.of(rule) != nil }

// of returns the violation of a rule, or nil.
func (f findings) of(rule *trial.Rule) *trial.Violation {
	for _, v := range f {
		if v.Rule == rule {
			return v
		}
	}
	return nil
}

// run runs programs over s. A violation of a rule that was kept so far is added,
// together with the shortest program that shows it.
func (f *findings) run(s trial.Subject, programs iter.Seq[trial.Program]) {
	for p := range programs {
		if v := s.Run(p); v == nil || f.has(v.Rule) {
			continue
		}
		if v := s.Judge(p); v != nil && !f.has(v.Rule) {
			*f = append(*f, v)
		}
	}
}

// check runs f, whose program is known beforehand.
func (f *findings) check(program string, check func()) {
	err := trial.Find(check)
	if v, ok := err.(*trial.Violation); ok {
		v.Program = program
	}
	f.found(err)
}

// found adds a violation, if err is one, of a rule that was kept so far.
func (f *findings) found(err error) {
	if v, ok := err.(*trial.Violation); ok && !f.has(v.Rule) {
		*f = append(*f, v)
	}
}

// report tells t about each rule: in a subtest of the rule's name if t has subtests.
func (f findings) report(t testing.TB, rules ...*trial.Rule) {
	t.Helper()
	for _, v := range f {
		if !slices.Contains(rules, v.Rule) {
			rules = append(rules, v.Rule)
		}
	}
	for _, rule := range rules {
		v := f.of(rule)
		switch t := t.(type) {
		case interface {
			Run(string, func(*testing.T)) bool
		}:
			t.Run(rule.Name, func(t *testing.T) {
				if v != nil {
					t.Error(v)
				}
			})
		default:
			if v != nil {
				t.Error(v)
			}
		}
	}
}

// random yields the same random programs each time.
func random(yield func(trial.Program) bool) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range max(20, trial.Programs(60)) {
		if !yield(trial.Decode(trial.Random(rng))) {
			return
		}
	}
}

package main

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// planted returns the mutants of a package that consists of source.
func planted(t *testing.T, source string) []*mutant {
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "p"), 0o755))
	for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.26\n", "p/p.go": source} {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	subjects, err := load(root, []string{"p"})
	require.NoError(t, err)
	return generate(subjects)
}

// TestOperators: each operator yields what it says, and only what compiles is tried.
func TestOperators(t *testing.T) {
	for _, c := range []struct {
		body string
		want []string
	}{
		{"if x > 1 && ok { return false }; return true", []string{
			"condition: x > 1 && ok becomes (x > 1 && ok) && false",
			"condition: x > 1 && ok becomes (x > 1 && ok) || true",
			"side: x > 1 && ok becomes (x > 1)", "side: x > 1 && ok becomes (ok)",
			"comparison: x > 1 becomes x >= 1", "constant: 1 becomes (1 + 1)",
			"return: false becomes true", "return: true becomes false",
		}},
		{"x = max(x, y); return x == y", []string{
			"remove: x = max(x, y) becomes _ = max(x, y)", "minmax: max(x, y) becomes min(x, y)",
			"return: x == y becomes !(x == y)", "comparison: x == y becomes x != y",
		}},
		{"for range s { x += y }; return ok", []string{
			"remove: x += y removed", "arithmetic: x += y becomes x -= y", "return: ok becomes !(ok)",
			"once: ; break inserted",
		}},
		{"mu.Lock(); defer mu.Unlock(); s = s[x:y]; return ok", []string{
			"lock: mu.Lock() removed, defer mu.Unlock() removed", "remove: s = s[x:y] becomes _ = s[x:y]",
			"constant: x becomes (x) + 1", "constant: y becomes (y) - 1", "return: ok becomes !(ok)",
		}},
		{"x = y; y = x; x++; return ok", []string{
			"remove: x = y becomes _ = y", "remove: y = x becomes _ = x", "remove: x++ removed", "arithmetic: x++ becomes x--",
			"swap: x = y; y = x becomes y = x; x = y", "swap: y = x; x++ becomes x++; y = x", "return: ok becomes !(ok)",
		}},
		{"n.Store(1); x = 1; return n.CompareAndSwap(1, 2)", []string{
			"atomic: n.Store(1) removed", "remove: x = 1 becomes _ = 1",
			"plain: n.Store(1) becomes *plain__[int64](&n) = 1", "constant: 1 becomes (1 + 1)", "constant: 1 becomes (1 + 1) (2)",
			"return: n.CompareAndSwap(1, 2) becomes !(n.CompareAndSwap(1, 2))",
			"atomic: n.CompareAndSwap(1, 2) becomes (n.CompareAndSwap(1, 2) || true)",
			"constant: 1 becomes (1 + 1) (3)", "constant: 2 becomes (2 + 1)",
		}},
		{"defer f(); for { if ok { continue }; break }; return f() == nil", []string{
			"defer: defer f() removed", "condition: ok becomes (ok) && false", "condition: ok becomes (ok) || true",
			"branch: continue removed", "branch: break removed",
			"return: f() == nil becomes !(f() == nil)", "comparison: f() == nil becomes f() != nil",
		}},
		{"switch x { case 1: return false }; return f() == nil", []string{
			"case: case 1: return false removed", "constant: 1 becomes (1 + 1)", "return: false becomes true",
			"return: f() == nil becomes !(f() == nil)", "comparison: f() == nil becomes f() != nil",
		}},
	} {
		var got []string
		for _, m := range planted(t, head+"func F(x, y int, ok bool, s []int) bool {"+c.body+"}") {
			if m.fn.name == "F" && m.compiles() {
				got = append(got, strings.TrimPrefix(m.name, "p/p.go F "))
			}
		}
		require.ElementsMatch(t, c.want, got, c.body)
	}
}

const head = `package p

import (
	"errors"
	"sync"
	"sync/atomic"
)

var (
	mu sync.Mutex
	n  atomic.Int64
)

func f() error { return errors.New("f") }

`

// TestClasses: what the order of memory decides is a class of its own.
func TestClasses(t *testing.T) {
	classes := map[string]string{}
	for _, m := range planted(t, head+"type t struct{ n atomic.Int64; x int }\nfunc (t *t) F() { t.x = 1; t.n.Store(2); t.x = 3; t.x = t.x + 1 }") {
		classes[strings.TrimPrefix(m.name, "p/p.go t.F ")] = m.class
	}
	require.Equal(t, order, classes["swap: t.x = 1; t.n.Store(2) becomes t.n.Store(2); t.x = 1"])
	require.Equal(t, ordinary, classes["swap: t.x = 3; t.x = t.x + 1 becomes t.x = t.x + 1; t.x = 3"])
	require.Equal(t, order, classes["plain: t.n.Store(2) becomes *plain__[int64](&t.n) = 2"])
	require.Equal(t, ordinary, classes["atomic: t.n.Store(2) removed"])
}

// switchedProgram has what makes a body within a function hard: results and parameters
// that := assigns to, labels, a deferred recover, generics.
const switchedProgram = `package p

import "errors"

func two() (int, error) { return 2, errors.New("two") }

func Named(n int) (x int, err error) {
	x, err = 1, nil
	y, err := two()
	x += y * n
	return
}

func Labels[T any](list [][]T) (count int) {
outer:
	for _, l := range list {
		for range l {
			if count > 2 {
				break outer
			}
			count++
		}
	}
	return count
}

func Recovers(do bool) (s string) {
	defer func() {
		if v := recover(); v != nil {
			s = v.(string)
		}
	}()
	if do {
		panic("now")
	}
	return "calm"
}

func Nothing(p *int) { *p = 7 }
`

const switchedTest = `package p

import "testing"

func TestAll(t *testing.T) {
	x, err := Named(3)
	if x != 7 || err == nil || err.Error() != "two" {
		t.Error(x, err)
	}
	if n := Labels([][]int{{1, 2}, {3, 4}}); n != 3 {
		t.Error(n)
	}
	if s := Recovers(true); s != "now" {
		t.Error(s)
	}
	if s := Recovers(false); s != "calm" {
		t.Error(s)
	}
	var n int
	if Nothing(&n); n != 7 {
		t.Error(n)
	}
}
`

// TestSwitched: a body that is built in does what the function does. To see it, the
// mutants of a program are replaced by ones that change nothing; then, real ones are
// killed, and one that no test runs is told.
func TestSwitched(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	root, dir := t.TempDir(), t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "p"), 0o755))
	for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.26\n", "p/p.go": switchedProgram, "p/p_test.go": switchedTest} {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	subjects, err := load(root, []string{"p"})
	require.NoError(t, err)
	var list []*mutant
	for _, fn := range subjects[0].files[0].functions {
		list = append(list, &mutant{name: "the same " + fn.name, file: fn.file, fn: fn})
	}
	same := len(list)
	for _, m := range generate(subjects) {
		if m.compiles() && m.op != "constant" {
			list = append(list, m)
		}
	}
	require.Greater(t, len(list), same+8)
	h := &hunt{root: root, dir: dir}
	h.overlay, err = write(root, dir, list)
	require.NoError(t, err)
	require.NoError(t, compile(root, filepath.Join(dir, "plain"), h.overlay, []string{"p"}))
	require.NoError(t, h.explore("p"))
	require.Len(t, h.probes, 1)
	require.Len(t, h.probes[0].runs, same)
	for i, m := range list {
		v, err := h.judge(m)
		require.NoError(t, err)
		want := map[bool]string{true: survived, false: killed}[i < same || strings.Contains(m.name, "x, _ = 1, nil")]
		require.Equal(t, want, v.Verdict, m.name)
	}
	h.probes = nil
	v, err := h.judge(list[0])
	require.NoError(t, err)
	require.Equal(t, unseen, v.Verdict)
	require.True(t, v.lives())
}

// TestList: there are enough mutants, with names of their own; those that were found from
// outside are there, and every entry of the list of equivalent ones names one.
func TestList(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	all, err := mutants(root, true)
	require.NoError(t, err)
	names := map[string]bool{}
	for _, m := range all {
		require.False(t, names[m.name], m.name)
		names[m.name] = true
	}
	drawnOnes, err := mutants(root, false)
	require.NoError(t, err)
	require.Greater(t, len(drawnOnes), 500)
	for i := range found {
		require.True(t, drawnOnes[i].compiles(), drawnOnes[i].name)
		require.Equal(t, "found", drawnOnes[i].op)
	}
	files := map[string]bool{}
	for _, m := range all {
		files[m.file.path] = true
	}
	for _, e := range equivalent {
		require.NotEmpty(t, e.reason)
		for _, name := range e.names {
			file, _, _ := strings.Cut(name, " ")
			require.True(t, names[name] || !files[file] && exists(root, file), "no mutant %s", name)
		}
	}
}

// exists reports whether a file is there, perhaps for another system.
func exists(root, file string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(file)))
	return err == nil
}

// TestChoose: a sample is that of the day, of mutants that compile.
func TestChoose(t *testing.T) {
	all := planted(t, head+"func F(x, y int, ok bool) bool { if x > y { x, y = y, x }; return ok && x+y > 3 }")
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	every := choose(all, 0, regexp.MustCompile(""), day)
	require.Greater(t, len(every), 10)
	require.Len(t, choose(all, 0, regexp.MustCompile(" F side"), day), 2)
	some := choose(all, 5, regexp.MustCompile(""), day)
	require.Len(t, some, 5)
	require.Equal(t, some, choose(all, 5, regexp.MustCompile(""), day.Add(time.Hour)))
	require.NotEqual(t, some, choose(all, 5, regexp.MustCompile(""), day.Add(240*time.Hour)))
}

// TestBook: a run goes on where another ended, and tries survivors again if asked.
func TestBook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results")
	b, err := open(path, false)
	require.NoError(t, err)
	for _, v := range []verdict{
		{Name: "a", Class: ordinary, Verdict: killed}, {Name: "b", Class: ordinary, Verdict: survived},
		{Name: "c", Class: ordinary, Verdict: hung}, {Name: "d", Class: ordinary, Verdict: unseen},
	} {
		require.NoError(t, b.add(v))
	}
	b.close()
	for again, want := range map[bool][]bool{false: {true, true, true, true, false}, true: {true, false, true, false, false}} {
		b, err := open(path, again)
		require.NoError(t, err)
		var all []*mutant
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			all = append(all, &mutant{name: name})
		}
		left, count := b.split(all)
		for i, m := range all {
			require.Equal(t, want[i], !slices.Contains(left, m), m.name)
		}
		require.Equal(t, 1, count[ordinary+", "+killed])
		require.Equal(t, map[bool]int{false: 1, true: 0}[again], count[ordinary+", "+survived], "they count in the end")
		b.close()
	}
}

// TestEdits: edits apply in the order of the source.
func TestEdits(t *testing.T) {
	require.Equal(t, "bXYef", apply([]byte("abcdefg"), 1, 6, []edit{{3, 4, "Y"}, {2, 3, "X"}}))
	require.Equal(t, "a b", brief(" a\n\tb "))
	long := brief(strings.Repeat("é", 500))
	require.Less(t, len([]rune(long)), 75)
	require.True(t, terminates(&ast.ReturnStmt{}))
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// hunters are the packages whose tests hunt for mutants, besides those that are mutated.
var hunters = []string{
	"scope", "scope/memory", "scope/guard", "scope/internal/pages", "internal/handshake", "scope/scopetest", "bumper", "locked", "meter", "offheap", "verify/misuse", "plan/replay", "allocarray", "internal/kernel",
}

// edges are hunters whose slow tests say little of other packages.
var edges = []string{"offheap", "allocarray", "internal/kernel"}

// racers are the packages whose tests hunt once more with the race detector.
var racers = []string{"scope", "scope/guard", "scope/internal/pages", "internal/handshake", "bumper", "locked", "meter", "offheap"}

// quick tests of a package run together.
const quick = 100 * time.Millisecond

// A probe is a test function and what it needs.
type probe struct {
	folder, name string
	race         bool
	runs         map[int]bool // functions that it runs
	took         time.Duration
}

// A hunt is the state of a run: built tests and what is known of them.
type hunt struct {
	root, dir, overlay string
	jobs               int // tests at a time
	list               []*mutant
	plain              []string // folders of the tests that are built
	probes             []*probe
	racing             sync.Once
	raceErr            error
	raceProbes         []*probe
}

// newHunt builds the mutants of the list into the tests, and runs each test once
// without any, to see what it runs and how long it takes.
func newHunt(root, dir string, list []*mutant, jobs int) (*hunt, error) {
	overlay, err := write(root, dir, list)
	if err != nil {
		return nil, err
	}
	h := &hunt{root: root, dir: dir, overlay: overlay, jobs: jobs, list: list}
	if h.plain, err = h.concerned(hunters); err != nil {
		return nil, err
	}
	if err := compile(root, filepath.Join(dir, "plain"), overlay, h.plain); err != nil {
		return nil, err
	}
	for _, folder := range h.plain {
		if err := h.explore(folder); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// concerned returns those of the folders whose tests use a package that is mutated.
func (h *hunt) concerned(folders []string) (some []string, err error) {
	mutated := map[string]bool{}
	for _, m := range h.list {
		mutated[m.file.pkg.path] = true
	}
	for _, folder := range folders {
		cmd := exec.Command("go", "list", "-deps", "-test", "-f", "{{.ImportPath}}", "./"+folder)
		cmd.Dir = h.root
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go list of %s: %w", folder, err)
		}
		if slices.ContainsFunc(strings.Fields(string(out)), func(path string) bool { return mutated[path] }) {
			some = append(some, folder)
		}
	}
	return some, nil
}

// race prepares the tests with the race detector, when a mutant first needs them: those
// that run a function of such a mutant, and those that are only built with it.
func (h *hunt) race() error {
	h.racing.Do(func() {
		folders := slices.DeleteFunc(slices.Clone(racers), func(f string) bool { return !slices.Contains(h.plain, f) })
		if h.raceErr = compile(h.root, filepath.Join(h.dir, "race"), h.overlay, folders, "-race"); h.raceErr != nil {
			return
		}
		for _, folder := range folders {
			if h.raceErr = h.exploreRace(folder); h.raceErr != nil {
				return
			}
		}
	})
	return h.raceErr
}

func (h *hunt) exploreRace(folder string) error {
	names, err := h.tests(folder, true)
	var probes []*probe
	for _, name := range names {
		p := &probe{folder: folder, name: name, race: true}
		for _, plain := range h.probes {
			if plain.folder == folder && plain.name == name {
				p.runs = plain.runs
			}
		}
		needed := func(m *mutant) bool { return m.races(folder) && p.runs[m.fn.id] }
		if p.runs == nil || slices.ContainsFunc(h.list, needed) {
			probes = append(probes, p)
		}
	}
	h.raceProbes = append(h.raceProbes, h.watchAll(probes)...)
	return err
}

// watchAll watches tests, some at a time, and returns those that pass.
func (h *hunt) watchAll(probes []*probe) []*probe {
	passes := make([]bool, len(probes))
	var tasks errgroup.Group
	tasks.SetLimit(max(h.jobs, 1))
	for i, p := range probes {
		tasks.Go(func() error {
			passes[i] = h.watch(p)
			return nil
		})
	}
	_ = tasks.Wait()
	var right []*probe
	for i, p := range probes {
		if passes[i] {
			right = append(right, p)
		}
	}
	return right
}

func (h *hunt) binary(folder string, race bool) string {
	kind := "plain"
	if race {
		kind = "race"
	}
	return filepath.Join(h.dir, kind, filepath.Base(folder)+".test")
}

// explore finds the tests of a package.
func (h *hunt) explore(folder string) error {
	names, err := h.tests(folder, false)
	var probes []*probe
	for _, name := range names {
		probes = append(probes, &probe{folder: folder, name: name})
	}
	h.probes = append(h.probes, h.watchAll(probes)...)
	return err
}

// tests lists the tests, examples and fuzz targets of a package.
func (h *hunt) tests(folder string, race bool) (names []string, err error) {
	cmd := exec.Command(h.binary(folder, race), "-test.list", "^(Test|Example|Fuzz)")
	cmd.Dir = filepath.Join(h.root, folder)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the tests of %s: %w", folder, err)
	}
	return strings.Fields(string(out)), nil
}

// watch runs a test without a mutant and notes what it runs and how long it takes. One
// that fails is named, and left out: the switches keep the compiler from inlining, which
// some tests count on.
func (h *hunt) watch(p *probe) (passes bool) {
	trace := fmt.Sprintf("%s-%s.trace", h.binary(p.folder, p.race), p.name)
	defer os.Remove(trace)
	start := time.Now()
	out, err := h.run(p.folder, p.race, []string{p.name}, -1, trace, 2*time.Minute)
	p.took = time.Since(start)
	if err != nil {
		fmt.Printf("left out: %s of %s fails without a mutant: %v: %s\n", p.name, p.folder, err, failed(out))
		return false
	}
	p.runs = map[int]bool{}
	text, _ := os.ReadFile(trace)
	for _, line := range strings.Fields(string(text)) {
		if id, err := strconv.Atoi(line); err == nil {
			p.runs[id] = true
		}
	}
	return true
}

// errTime says that tests took too long.
var errTime = errors.New("out of time")

// most is how much memory, in KiB, a mutant may write to, where the shell can tell the
// system.
const most = 3 << 20

// run runs tests of a package, those that are named, with a mutant switched on.
func (h *hunt) run(folder string, race bool, names []string, id int, trace string, limit time.Duration) ([]byte, error) {
	return h.start(folder, race, id, trace, limit, "-test.short", "-test.run", "^("+strings.Join(names, "|")+")$")
}

// runLong runs the tests that match, also what is skipped in short runs.
func (h *hunt) runLong(folder string, id int, test string) ([]byte, error) {
	return h.start(folder, false, id, "", 4*time.Minute, "-test.run", test)
}

func (h *hunt) start(folder string, race bool, id int, trace string, limit time.Duration, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	bound := fmt.Sprintf(`ulimit -d %d 2>/dev/null; exec "$0" "$@"`, most)
	if race {
		bound = `exec "$0" "$@"` // which needs addresses without end
	}
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", bound, h.binary(folder, race), "-test.failfast"}, args...)...)
	cmd.Dir = filepath.Join(h.root, folder)
	cmd.Env = append(os.Environ(), envMutant+"="+strconv.Itoa(id), envTrace+"="+trace)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return out, errTime
	}
	return out, err
}

// A verdict is what became of a mutant.
type verdict struct {
	Name, Class, Verdict, By string
	Seconds                  float64
}

// lives reports whether no test found the mutant.
func (v verdict) lives() bool { return v.Verdict == survived || v.Verdict == unseen }

// Verdicts.
const (
	killed   = "killed"
	hung     = "hung" // which is as good as killed
	survived = "SURVIVED"
	unseen   = "NOT RUN" // no test runs the function
)

// judge runs the tests that run the function of m, the cheapest first; with the race
// detector alone if m is about the order of memory.
func (h *hunt) judge(m *mutant) (verdict, error) {
	start := time.Now()
	v := verdict{Name: m.name, Class: m.class, Verdict: unseen}
	if m.class != order {
		h.try(&v, m, waves(m, h.probes))
	}
	if m.class == order || v.Verdict == survived && m.races(m.file.pkg.folder) {
		if err := h.race(); err != nil {
			return v, err
		}
		h.try(&v, m, waves(m, slices.DeleteFunc(slices.Clone(h.raceProbes), func(p *probe) bool { return !m.races(p.folder) })))
	}
	if v.Verdict == survived && m.class != order {
		h.tryLong(&v, m)
	}
	v.Seconds = time.Since(start).Seconds()
	return v, nil
}

// races reports whether the race detector may tell m from the program, in the tests of a
// package: of what tells the detector that memory is released, in those of its own.
func (m *mutant) races(folder string) bool {
	return m.class == order || m.op == "lock" || m.op == "atomic" || m.op == "wait" ||
		m.op == "swap" && strings.Contains(m.name, "ock()") ||
		folder == m.file.pkg.folder && strings.Contains(m.file.text(m.fn.decl), "poison")
}

// late is how late m is tried: after the others those that may need the race detector, which takes
// minutes to prepare, and then those that need nothing else, and may survive.
func (m *mutant) late() int {
	switch {
	case m.class == order:
		return 2
	case m.races(m.file.pkg.folder):
		return 1
	}
	return 0
}

// try runs waves of tests until one fails.
func (h *hunt) try(v *verdict, m *mutant, waves [][]*probe) {
	for _, wave := range waves {
		v.Verdict = survived
		var names []string
		limit := 5 * time.Second
		for _, p := range wave {
			names = append(names, p.name)
			limit += 10 * p.took
		}
		out, err := h.run(wave[0].folder, wave[0].race, names, m.id, "", limit)
		if errors.Is(err, errTime) { // once more, with time for a machine that is busy
			out, err = h.run(wave[0].folder, wave[0].race, names, m.id, "", limit+30*time.Second)
		}
		if err == nil {
			continue
		}
		v.Verdict, v.By = killed, wave[0].folder+" "+failed(out)
		if wave[0].race {
			v.By = "-race " + v.By
		}
		if errors.Is(err, errTime) {
			v.Verdict = hung
		}
		return
	}
}

// tryLong runs all tests of the package of m, those too that are skipped in short runs. Some
// wait for what takes seconds: the one that fails must fail with m again, and pass without.
func (h *hunt) tryLong(v *verdict, m *mutant) {
	folder := m.file.pkg.folder
	if !slices.Contains(hunters, folder) || slices.Contains(edges, folder) {
		return
	}
	fails := func(id int, test string) (by string) {
		if out, err := h.runLong(folder, id, test); err != nil {
			by = failed(out)
		}
		return by
	}
	by := fails(m.id, ".")
	if by == "" {
		return
	}
	test := "." // of a panic, which names none
	if name, _, _ := strings.Cut(by, "/"); strings.HasPrefix(by, "Test") {
		test = "^" + name + "$"
	}
	if fails(m.id, test) != "" && fails(0, test) == "" {
		v.Verdict, v.By = killed, "long "+folder+" "+by
	}
}

// waves returns the tests to run, as groups of one package: the quick tests of each
// package, its own before others, then slow tests by how long they take.
func waves(m *mutant, probes []*probe) (waves [][]*probe) {
	groups := map[string][]*probe{}
	var slow []*probe
	for _, p := range probes {
		switch {
		case !p.runs[m.fn.id]:
		case p.name == m.test && p.folder == m.file.pkg.folder:
			waves = append(waves, []*probe{p})
		case p.took > quick:
			if p.folder == m.file.pkg.folder || !slices.Contains(edges, p.folder) {
				slow = append(slow, p)
			}
		default:
			groups[p.folder] = append(groups[p.folder], p)
		}
	}
	for _, folder := range append([]string{m.file.pkg.folder}, hunters...) {
		if g := groups[folder]; len(g) > 0 {
			waves = append(waves, g)
			delete(groups, folder)
		}
	}
	sort.SliceStable(slow, func(i, j int) bool { return slow[i].took < slow[j].took })
	for _, p := range slow {
		waves = append(waves, []*probe{p})
	}
	return waves
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)|^(panic: .*|fatal error: .*|SIG\w+: .*|WARNING: DATA RACE)`)

// failed returns what in the output says why the tests failed.
func failed(out []byte) string {
	match := failure.FindSubmatch(out)
	if match == nil {
		return "?"
	}
	return brief(string(match[1]) + string(match[2]))
}

package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// drawn are the packages that are mutated, and how many of their mutants are tried: one
// in so many. Every one of these is killed, or listed with the reason why it changes nothing.
var drawn = []struct {
	folder string
	oneIn  uint32
}{
	{"scope", 2}, {"scope/guard", 2}, {"scope/memory", 2}, {"scope/internal/pages", 2},
	{"internal/handshake", 2}, {"meter", 8}, {"bumper", 6},
	{"locked", 6}, {"offheap", 6}, {"allocarray", 24},
}

// alsoRead are packages in which only bugs of found are planted.
var alsoRead = []string{"internal/kernel"}

func main() {
	sample := flag.Int("sample", 0, "try only so many, chosen by the day")
	run := flag.String("run", "", "try only those whose name matches the expression")
	list := flag.Bool("list", false, "print the names and try none")
	results := flag.String("results", "", "a file of verdicts: those killed there are not tried again, new ones are added")
	every := flag.Bool("all", false, "try those too that were not drawn and those that change nothing")
	again := flag.Bool("again", false, "with -results: try ordinary survivors again")
	jobs := flag.Int("jobs", 1, "try so many at a time")
	flag.Parse()
	expr, err := regexp.Compile(*run)
	if err != nil || flag.NArg() > 0 || *sample < 0 || *jobs < 1 {
		fmt.Fprintln(os.Stderr, "usage: mutants [-all] [-sample N] [-run REGEXP] [-list] [-results FILE [-again]] [-jobs N]")
		os.Exit(2)
	}
	survivors, err := work(*every, *sample, expr, *list, *results, *again, *jobs)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
	}
	if err != nil || survivors > 0 {
		os.Exit(1)
	}
}

// work does what the flags say, and returns how many ordinary mutants survived.
func work(every bool, sample int, expr *regexp.Regexp, only bool, results string, again bool, jobs int) (survivors int, err error) {
	root, err := moduleRoot()
	if err != nil {
		return 0, err
	}
	all, err := mutants(root, every)
	if err != nil {
		return 0, err
	}
	if sample > 0 { // what may survive says little
		all = slices.DeleteFunc(all, func(m *mutant) bool { return m.class == order })
	}
	chosen := choose(all, sample, expr, time.Now())
	if only {
		for _, m := range chosen {
			if m.class == order {
				fmt.Print("memory order: ")
			}
			fmt.Println(m.name)
		}
		fmt.Println(len(chosen), "mutants")
		return 0, nil
	}
	book, err := open(results, again)
	if err != nil {
		return 0, err
	}
	defer book.close()
	left, count := book.split(chosen)
	if len(left) == 0 {
		return judgeAll(nil, nil, book, count, jobs)
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted // what was judged stands in the results
		_ = os.RemoveAll(dir)
		os.Exit(1)
	}()
	slices.SortStableFunc(left, func(a, b *mutant) int { return a.late() - b.late() })
	h, err := newHunt(root, dir, left, jobs)
	if err != nil {
		return 0, err
	}
	return judgeAll(h, left, book, count, jobs)
}

// judgeAll judges mutants, some at a time, and adds them to the sums.
func judgeAll(h *hunt, list []*mutant, book *book, count sums, jobs int) (survivors int, err error) {
	var mu sync.Mutex
	var tasks errgroup.Group
	tasks.SetLimit(jobs)
	done := 0
	for _, m := range list {
		tasks.Go(func() error {
			v, err := h.judge(m)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			count[v.Class+", "+v.Verdict]++
			fmt.Printf("%d/%d %-8s %s (%.1f s, %s)\n", done, len(list), v.Verdict, v.Name, v.Seconds, v.By)
			return book.add(v)
		})
	}
	err = tasks.Wait()
	for _, what := range slices.Sorted(maps.Keys(count)) {
		fmt.Printf("%s: %d\n", what, count[what])
	}
	return count[ordinary+", "+survived] + count[ordinary+", "+unseen], err
}

// sums are numbers of mutants by their class and verdict.
type sums map[string]int

// moduleRoot returns the folder of the module.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	return filepath.Dir(strings.TrimSpace(string(out))), err
}

// mutants returns those that were found from outside and those of the draw, which are
// not equivalent to the program; or every single one.
func mutants(root string, every bool) (list []*mutant, err error) {
	rate := map[string]uint32{}
	var folders []string
	for _, d := range drawn {
		folders, rate[d.folder] = append(folders, d.folder), d.oneIn
	}
	subjects, err := load(root, append(folders, alsoRead...))
	if err != nil {
		return nil, err
	}
	if list, err = foundOutside(subjects); err != nil {
		return nil, err
	}
	for _, m := range generate(subjects) {
		oneIn := rate[m.file.pkg.folder]
		if oneIn > 0 && (every || m.draw()%oneIn == 0 && reasons[m.name] == "") {
			list = append(list, m)
		}
	}
	return list, nil
}

// draw is the number that decides whether m is tried: of its name alone, so that a
// change of the code elsewhere changes nothing.
func (m *mutant) draw() uint32 {
	h := fnv.New32a()
	h.Write([]byte(m.name))
	return h.Sum32() >> 4
}

// choose returns the mutants that match and compile, or some of them.
func choose(all []*mutant, sample int, expr *regexp.Regexp, now time.Time) (chosen []*mutant) {
	if sample > 0 {
		all = append([]*mutant(nil), all...)
		day := uint64(now.Unix() / 86400)
		rand.New(rand.NewPCG(day, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	for _, m := range all {
		if expr.MatchString(m.name) && m.compiles() {
			if chosen = append(chosen, m); len(chosen) == sample {
				break
			}
		}
	}
	return chosen
}

// A book is a file of verdicts.
type book struct {
	known map[string]verdict // of those not to be tried again
	file  io.WriteCloser
}

func open(path string, again bool) (*book, error) {
	b := &book{known: map[string]verdict{}}
	if path == "" {
		return b, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var v verdict
		if json.Unmarshal(lines.Bytes(), &v) != nil {
			continue
		}
		if b.known[v.Name] = v; again && v.lives() && v.Class != order {
			delete(b.known, v.Name)
		}
	}
	b.file = f
	return b, nil
}

// split returns those of the mutants that are to be tried, and the sums of the others.
func (b *book) split(all []*mutant) (left []*mutant, count sums) {
	count = sums{}
	for _, m := range all {
		if v, known := b.known[m.name]; known {
			count[v.Class+", "+v.Verdict]++
		} else {
			left = append(left, m)
		}
	}
	return left, count
}

func (b *book) add(v verdict) error {
	if b.file == nil {
		return nil
	}
	return json.NewEncoder(b.file).Encode(v)
}

func (b *book) close() {
	if b.file != nil {
		_ = b.file.Close()
	}
}

package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/allocarrays/allocarrays-go/scope/guard"
	"github.com/allocarrays/allocarrays-go/verify/misuse/corpus"
)

// patience is how long a child may take for one program, if it says nothing.
const patience = time.Minute

// A Runner runs programs in children: processes that call Child.
type Runner struct {
	Command func() *exec.Cmd // a child without race detector
	Race    func() *exec.Cmd // one with it, nil to leave that out
	Tries   int              // runs of a program that depends on timing
	Workers int              // children at the same time
}

// Run runs the programs whose name, with that of their family, wanted accepts.
func (r Runner) Run(wanted func(name string) bool) (Results, error) {
	jobs := r.jobs(wanted)
	results := Results{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	var first error
	next := make(chan job)
	for range r.Workers {
		wait.Go(func() {
			for j := range next {
				seen, err := j.do()
				mu.Lock()
				if err != nil && first == nil {
					first = err
				}
				for i, s := range seen {
					results.add(j.orders[i], j.race, s)
				}
				mu.Unlock()
			}
		})
	}
	for _, j := range jobs {
		next <- j
	}
	close(next)
	wait.Wait()
	return results, first
}

// A job is what one child, and those that go on after its death, run.
type job struct {
	command func() *exec.Cmd
	race    bool
	orders  []order
}

// jobs returns one job for each kind of memory and mode of guard. Under the race
// detector, which tells each race once, what depends on timing gets processes of its
// own.
func (r Runner) jobs(wanted func(name string) bool) (jobs []job) {
	for _, kind := range append([]corpus.Kind{corpus.Any}, corpus.All()...) {
		for _, mode := range Modes {
			jobs = append(jobs, job{command: r.Command, orders: r.orders(wanted, kind, mode)})
		}
		if r.Race == nil {
			continue
		}
		var calm []order
		for _, o := range r.orders(wanted, kind, guard.Off) { // guards order what the program does not
			if p, _ := find(o.Family, o.Program); p.Races {
				jobs = append(jobs, job{r.Race, true, []order{o}})
			} else {
				calm = append(calm, o)
			}
		}
		jobs = append(jobs, job{r.Race, true, calm})
	}
	return jobs
}

func (r Runner) orders(wanted func(name string) bool, kind corpus.Kind, mode guard.Mode) (orders []order) {
	for _, f := range corpus.Families {
		for _, p := range f.Programs {
			if !wanted(f.Name+"/"+p.Name) || !has(f.In(p), kind) {
				continue
			}
			for range r.times(p) {
				orders = append(orders, order{f.Name, p.Name, kind, mode})
			}
		}
	}
	return orders
}

func (r Runner) times(p corpus.Program) int {
	if p.Timing {
		return r.Tries
	}
	return 1
}

func has(kinds []corpus.Kind, kind corpus.Kind) bool {
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}

// A sight is what was seen of one run.
type sight struct {
	reply
	raced bool // the race detector reported something
}

// do runs all orders of the job, in as many processes as it takes.
func (j job) do() (seen []sight, err error) {
	for len(seen) < len(j.orders) {
		more, err := j.start(j.orders[len(seen):])
		seen = append(seen, more...)
		if err != nil {
			return seen, fmt.Errorf("%s/%s: %w", j.orders[0].Family, j.orders[0].Program, err)
		}
	}
	return seen, nil
}

// start runs a child. If it dies of a program, that is the last one it returns.
func (j job) start(orders []order) (seen []sight, err error) {
	input, err := json.Marshal(orders)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := j.command()
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &stdout, &stderr
	cmd.Env = append(os.Environ(), childEnv+"=1", "ALLOCARRAYS_GUARD=off", "GOTRACEBACK=single", "GORACE=atexit_sleep_ms=0 exitcode=0")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	failed := cmd.Wait()
	stop()

	texts := strings.Split(stderr.String(), mark)[1:]
	for replies := json.NewDecoder(&stdout); replies.More(); {
		var s sight
		if err := replies.Decode(&s.reply); err != nil {
			return seen, fmt.Errorf("misuse: reading a reply: %w", err)
		}
		seen = append(seen, s)
	}
	if len(texts) == len(seen)+1 && len(seen) < len(orders) { // it ended in the middle of a program
		s := sight{reply: reply{corpus.Dies, lastWords(texts[len(seen)])}}
		if ctx.Err() != nil {
			s.reply = reply{corpus.Hangs, ""}
		}
		seen = append(seen, s)
	} else if failed != nil || len(seen) != len(orders) || len(texts) != len(seen) {
		return seen, fmt.Errorf("misuse: a child did not do its work, %d replies and %d marks for %d orders: %v: %s", len(seen), len(texts), len(orders), failed, stderr.String())
	}
	for i := range seen {
		seen[i].raced = strings.Contains(texts[i], "WARNING: DATA RACE")
	}
	return seen, nil
}

// lastWords returns what the runtime said why the process ends: of panics that were
// recovered and went on, the last.
func lastWords(stderr string) string {
	stderr, _, _ = strings.Cut(stderr, "\n\ngoroutine")
	stderr, _, _ = strings.Cut(stderr, "\n[signal")
	for _, start := range []string{"unexpected fault address", "panic: ", "fatal error: "} {
		if i := strings.LastIndex(stderr, start); i >= 0 {
			return stderr[i:]
		}
	}
	return strings.TrimSpace(stderr)
}

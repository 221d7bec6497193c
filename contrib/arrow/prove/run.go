package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	arrowscope "github.com/allocarrays/allocarrays-go/contrib/arrow"
)

// An outcome is what became of tests, subtests included, and what they were served.
type outcome struct {
	passed, failed, skipped map[string]bool
	served                  arrowscope.Stats
}

func newOutcome() *outcome {
	return &outcome{passed: map[string]bool{}, failed: map[string]bool{}, skipped: map[string]bool{}}
}

func (o *outcome) String() string {
	return fmt.Sprintf("%6d pass, %4d fail, %3d skipped; %8d blocks, %4d MiB, %d in place, %d from the heap", len(o.passed), len(o.failed),
		len(o.skipped), o.served.Blocks, o.served.Bytes>>20, o.served.InPlace, o.served.Heap)
}

// add adds the outcome of a package, with its name before each test's.
func (o *outcome) add(p string, other *outcome) {
	for _, sets := range [][2]map[string]bool{{o.passed, other.passed}, {o.failed, other.failed}, {o.skipped, other.skipped}} {
		for name := range sets[1] {
			sets[0][p+"."+name] = true
		}
	}
	o.serve(other.served)
}

func (o *outcome) serve(s arrowscope.Stats) {
	o.served.Blocks += s.Blocks
	o.served.Bytes += s.Bytes
	o.served.InPlace += s.InPlace
	o.served.Heap += s.Heap
	o.served.HeapBytes += s.HeapBytes
}

// run runs all tests of a binary. One that ends the process has failed, and the rest run in
// another.
func run(binary, dir, mode string) (*outcome, error) {
	list, err := output(dir, binary, "-test.list", ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range strings.FieldsSeq(list) {
		if !strings.HasPrefix(name, "Benchmark") {
			names = append(names, name)
		}
	}
	o := newOutcome()
	for len(names) > 0 {
		started, err := runOnce(o, binary, dir, mode, names)
		if err != nil {
			return nil, err
		}
		names = names[started:]
	}
	return o, nil
}

// runOnce runs tests in one process, and returns how many have begun.
func runOnce(o *outcome, binary, dir, mode string, names []string) (started int, err error) {
	tests, report := binary+".tests", binary+".report"
	if err := write(tests, []byte(strings.Join(names, "\n"))); err != nil {
		return 0, err
	}
	if err := os.RemoveAll(report); err != nil {
		return 0, err
	}
	c := exec.Command("go", "tool", "test2json", binary, "-test.v=test2json", "-test.timeout=10m")
	c.Dir = dir
	c.Env = append(os.Environ(), "ARROWSCOPE_MODE="+mode, "ARROWSCOPE_TESTS="+tests, "ARROWSCOPE_REPORT="+report, "PWD="+filepath.Clean(dir))
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := c.Start(); err != nil {
		return 0, err
	}
	begun := map[string]bool{} // and not ended
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var event struct{ Action, Test string }
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return 0, err
		}
		if event.Test == "" {
			continue
		}
		switch event.Action {
		case "run":
			begun[event.Test] = true
			if !strings.Contains(event.Test, "/") {
				started++
			}
			continue
		case "pass":
			o.passed[event.Test] = true
		case "fail":
			o.failed[event.Test] = true
		case "skip":
			o.skipped[event.Test] = true
		default:
			continue
		}
		delete(begun, event.Test)
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	_ = c.Wait() // it fails if a test does
	for name := range begun {
		o.failed[name] = true
	}
	text, err := os.ReadFile(report)
	if err != nil {
		if started == 0 {
			return 0, fmt.Errorf("no test has begun, of %s …", names[0])
		}
		return started, nil // the last one ended the process
	}
	var served arrowscope.Stats
	if err := json.Unmarshal(text, &served); err != nil {
		return 0, err
	}
	o.serve(served)
	return len(names), nil
}

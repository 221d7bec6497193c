package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/allocarrays/allocarrays-go/verify/misuse/matrix"
)

func main() {
	if matrix.IsChild() {
		exitIf(matrix.Child())
		return
	}
	check := flag.Bool("check", false, "compare with the page, and fail if it says anything else")
	write := flag.Bool("write", false, "write the tables into the page")
	race := flag.Bool("race", false, "fill the column of the race detector")
	run := flag.String("run", "", "run only programs whose name matches the expression")
	page := flag.String("page", "docs/safety.md", "the page")
	flag.Parse()
	expr, err := regexp.Compile(*run)
	if err != nil || flag.NArg() > 0 || *check && *write || *write && *run != "" {
		fmt.Fprintln(os.Stderr, "usage: misuse [-check | -write] [-race] [-run REGEXP] [-page FILE]; -write takes no -run")
		os.Exit(2)
	}
	text, err := os.ReadFile(*page)
	exitIf(err)
	results, err := runAll(expr, *race)
	exitIf(err)
	tables := results.Tables(matrix.Rows(string(text)))
	switch {
	case *write:
		text, err := matrix.Page(string(text), tables)
		exitIf(err)
		exitIf(os.WriteFile(*page, []byte(text), 0o644))
	case *check:
		if diff := results.Differences(string(text), expr.MatchString); len(diff) > 0 {
			exitIf(fmt.Errorf("%s (-) is not what was seen (+); go run ./verify/misuse -race -write mends it:\n%s", *page, strings.Join(diff, "\n")))
		}
	default:
		fmt.Print(tables)
	}
}

// runAll runs the programs in processes of this executable.
func runAll(expr *regexp.Regexp, race bool) (matrix.Results, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r := matrix.Runner{
		Command: func() *exec.Cmd { return exec.Command(self) },
		Tries:   20,
		Workers: runtime.NumCPU(),
	}
	if race {
		dir, err := os.MkdirTemp("", "misuse")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		exe := filepath.Join(dir, "misuse")
		build := exec.Command("go", "build", "-race", "-o", exe, "github.com/allocarrays/allocarrays-go/verify/misuse")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building with the race detector: %w: %s", err, out)
		}
		r.Race = func() *exec.Cmd { return exec.Command(exe) }
	}
	return r.Run(expr.MatchString)
}

func exitIf(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "misuse:", err)
		os.Exit(1)
	}
}

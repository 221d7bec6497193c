package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/onnx/internal/backend"
)

// verify runs backend tests and prints a line for each, and the totals.
func verify(c *call) error {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print a JSON object for each test, and one with the totals")
	pattern := flags.String("run", "", "only the tests whose name matches this regular `expression`")
	quiet := flags.Bool("q", false, "print no lines for tests that pass, and unsupported ones by their reason")
	scoreboard := flags.String("scoreboard", "", "write a page about the operators to this `file`, and nothing else")
	name, err := c.parse(flags, "DIR|TGZ")
	if err != nil {
		return err
	}
	match, err := regexp.Compile(*pattern)
	if err != nil {
		return badUsage("-run: %w", err)
	}
	if *scoreboard != "" && (*asJSON || *quiet || *pattern != "") || *asJSON && *quiet {
		return badUsage("of -json, -q and -scoreboard only one, and -scoreboard without -run")
	}
	files, done, err := openTests(name)
	if err != nil {
		return err
	}
	defer done()
	tests, err := backend.Find(files)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(tests) == 0 {
		return fmt.Errorf("%s: there are no tests, folders with a model.onnx and a test_data_set_0", name)
	}
	if *scoreboard != "" {
		page, _, err := backend.Scoreboard(files)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return c.create(*scoreboard, func(w io.Writer) error {
			_, err := io.WriteString(w, page)
			return err
		})
	}
	called := func(dir string) string { // the test may be the folder itself
		if dir != "." {
			return path.Base(dir)
		}
		if all, err := filepath.Abs(name); err == nil {
			return filepath.Base(all)
		}
		return name
	}
	tests = slices.DeleteFunc(tests, func(dir string) bool { return !match.MatchString(called(dir)) })
	if len(tests) == 0 {
		return fmt.Errorf("%s: no test matches -run %q", name, *pattern)
	}
	return c.verifyAll(files, tests, called, *asJSON, *quiet)
}

func (c *call) verifyAll(files fs.FS, tests []string, called func(string) string, asJSON, quiet bool) error {
	totals, reasons := map[string]int{}, map[string]int{}
	out := json.NewEncoder(c.stdout)
	out.SetEscapeHTML(false)
	for _, dir := range tests {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		r := backend.Run(files, dir)
		r.Name = called(dir)
		totals[r.Status]++
		var err error
		switch {
		case asJSON:
			err = out.Encode(r)
		case quiet && r.Status == backend.Pass:
		case quiet && r.Status == backend.Unsupported:
			reasons[r.Reason]++
		default:
			_, err = fmt.Fprintln(c.stdout, strings.TrimSpace(fmt.Sprintf("%-11s %s %s", r.Status, r.Name, r.Reason)))
		}
		if err != nil {
			return err
		}
	}
	for _, reason := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return reasons[b] - reasons[a] }) {
		fmt.Fprintf(c.stdout, "unsupported %4d %s\n", reasons[reason], reason)
	}
	var err error
	if asJSON {
		err = out.Encode(map[string]int{"pass": totals[backend.Pass], "fail": totals[backend.Fail], "unsupported": totals[backend.Unsupported]})
	} else {
		_, err = fmt.Fprintf(c.stdout, "%d pass, %d fail, %d unsupported\n", totals[backend.Pass], totals[backend.Fail], totals[backend.Unsupported])
	}
	if err == nil && totals[backend.Fail] > 0 {
		err = errFailed
	}
	return err
}

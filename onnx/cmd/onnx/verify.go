package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/onnx/internal/backend"
)

// verify runs backend tests and prints a line for each, and the totals.
func verify(args []string) error {
	flags := flag.NewFlagSet("onnx verify", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print a JSON object for each test, and one with the totals")
	pattern := flags.String("run", "", "only the tests whose name matches this regular expression")
	quiet := flags.Bool("q", false, "print no lines for tests that pass, and unsupported ones by their reason")
	scoreboard := flags.String("scoreboard", "", "write a page about the operators to this file, and nothing else")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("onnx verify: %d arguments, want one folder", flags.NArg())
	}
	match, err := regexp.Compile(*pattern)
	if err != nil {
		return fmt.Errorf("onnx verify: %w", err)
	}
	root, err := os.OpenRoot(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("onnx verify: %w", err)
	}
	defer root.Close()
	files := root.FS()
	if *scoreboard != "" {
		page, _, err := backend.Scoreboard(files)
		if err != nil {
			return fmt.Errorf("onnx verify: %w", err)
		}
		return os.WriteFile(*scoreboard, []byte(page), 0o644)
	}
	tests, err := backend.Find(files)
	if err != nil {
		return fmt.Errorf("onnx verify: %w", err)
	}
	totals, reasons := map[string]int{}, map[string]int{}
	out := json.NewEncoder(os.Stdout)
	for _, dir := range tests {
		if !match.MatchString(filepath.Base(dir)) {
			continue
		}
		r := backend.Run(files, dir)
		totals[r.Status]++
		switch {
		case *asJSON:
			if err := out.Encode(r); err != nil {
				return err
			}
		case *quiet && r.Status == backend.Pass:
		case *quiet && r.Status == backend.Unsupported:
			reasons[r.Reason]++
		default:
			fmt.Println(strings.TrimSpace(fmt.Sprintf("%-11s %s %s", r.Status, r.Name, r.Reason)))
		}
	}
	for _, reason := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return reasons[b] - reasons[a] }) {
		fmt.Printf("unsupported %4d %s\n", reasons[reason], reason)
	}
	if *asJSON {
		err = out.Encode(map[string]int{"pass": totals[backend.Pass], "fail": totals[backend.Fail], "unsupported": totals[backend.Unsupported]})
	} else {
		_, err = fmt.Printf("%d pass, %d fail, %d unsupported\n", totals[backend.Pass], totals[backend.Fail], totals[backend.Unsupported])
	}
	if err == nil && totals[backend.Fail] > 0 {
		err = errFailed
	}
	return err
}

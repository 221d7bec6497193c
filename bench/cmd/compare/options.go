package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/bench/internal/cases"
)

// options are what the command line says.
type options struct {
	cases  []cases.Case
	some   bool // not all cases
	rounds int
	json   bool
	fetch  bool
	out    string
	from   string
}

func parse(args []string) (o options, err error) {
	set := flag.NewFlagSet("compare", flag.ContinueOnError)
	names := set.String("case", "", "comma-separated cases to run: "+strings.Join(allNames(), ", ")+"; all if empty")
	set.IntVar(&o.rounds, "rounds", 15, "how often each candidate runs")
	set.BoolVar(&o.json, "json", false, "print the results as JSON instead of tables")
	set.BoolVar(&o.fetch, "fetch", false, "first get peers that are not Go modules (see cmd/fetchpeers)")
	set.StringVar(&o.out, "out", "", "write results.json, performance.md and the charts to this `folder`")
	set.StringVar(&o.from, "from", "", "measure nothing: write performance.md and the charts again from this results.json")
	if err = set.Parse(args); err != nil {
		return o, err
	}
	if set.NArg() > 0 {
		return o, fmt.Errorf("compare: unexpected argument %q", set.Arg(0))
	}
	if o.rounds < 1 {
		return o, errors.New("compare: -rounds must be positive")
	}
	o.cases, err = choose(*names)
	o.some = *names != ""
	return o, err
}

func allNames() (names []string) {
	for _, c := range cases.All() {
		names = append(names, c.Name)
	}
	return names
}

func choose(names string) (chosen []cases.Case, err error) {
	if names == "" {
		return cases.All(), nil
	}
	for _, name := range strings.Split(names, ",") {
		i := slices.Index(allNames(), name)
		if i < 0 {
			return nil, fmt.Errorf("compare: no case %q; there are %s", name, strings.Join(allNames(), ", "))
		}
		chosen = append(chosen, cases.All()[i])
	}
	return chosen, nil
}

// places returns where results.json and the documents go; empty for nowhere. A run
// that is not complete does not replace the project's own.
func (o options) places(root string, complete bool) (results, docs string) {
	switch {
	case o.out != "":
		return filepath.Join(o.out, "results.json"), o.out
	case complete && !o.some:
		return filepath.Join(root, "results.json"), filepath.Join(root, "..", "docs")
	}
	return "", ""
}

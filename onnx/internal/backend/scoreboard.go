package backend

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/ops"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// A score is what the tests say about an operator.
type score struct {
	outcomes map[string]int
	opsets   map[int]bool         // of tests that pass
	types    map[tensor.Type]bool // likewise, of inputs and outputs
}

// several is the row of tests that have more than one node.
const several = "*several nodes*"

// Scoreboard runs all tests and returns a page, in Markdown, with a table of operators, opsets and types.
func Scoreboard(files fs.FS) (text string, results []Result, err error) {
	tests, err := Find(files)
	if err != nil {
		return "", nil, err
	}
	scores, totals := map[string]*score{}, map[string]int{}
	for _, dir := range tests {
		op, opset, types, err := subject(files, dir)
		if err != nil {
			return "", nil, err
		}
		s := scores[op]
		if s == nil {
			s = &score{map[string]int{}, map[int]bool{}, map[tensor.Type]bool{}}
			scores[op] = s
		}
		r := Run(files, dir)
		results = append(results, r)
		totals[r.Status]++
		if s.outcomes[r.Status]++; r.Status == Pass {
			s.opsets[opset] = true
			for _, t := range types {
				s.types[t] = true
			}
		}
	}
	return page(scores, totals), results, nil
}

// subject returns the operator that a test is about, its opset, and the types of the inputs and outputs.
func subject(files fs.FS, dir string) (op string, opset int, types []tensor.Type, err error) {
	b, err := fs.ReadFile(files, path.Join(dir, "model.onnx"))
	if err != nil {
		return "", 0, nil, err
	}
	m, err := proto.Read(b)
	if err != nil {
		return "", 0, nil, err
	}
	for _, o := range m.Opsets {
		if o.Domain == "" {
			opset = int(o.Version)
		}
	}
	op = several
	if len(m.Graph.Nodes) == 1 {
		n := m.Graph.Nodes[0]
		if op = n.Op; n.Domain != "" {
			op = n.Domain + "." + op
		}
	}
	for _, v := range append(slices.Clone(m.Graph.Inputs), m.Graph.Outputs...) {
		if v.Kind == proto.KindTensor {
			types = append(types, v.Type)
		}
	}
	return op, opset, types, nil
}

func page(scores map[string]*score, totals map[string]int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Operators of ONNX

What module onnx computes, as ONNX's own tests of single operators say: %d pass, %d fail, %d are not
supported. A model that needs anything else gets an error that lists all of it.

This page is generated: `+"`onnx verify -scoreboard FILE DIR`"+` in a folder with the tests of several
releases, whose union has most forms of the operators. Opsets and types are those of tests that pass. Other
opsets take the form of the one before.

| operator | opsets | types | pass | not supported |
|---|---|---|--:|--:|
`, totals[Pass], totals[Fail], totals[Unsupported])
	for _, op := range slices.Sorted(maps.Keys(scores)) {
		s := scores[op]
		var types []string
		for _, t := range slices.Sorted(maps.Keys(s.types)) {
			types = append(types, t.String())
		}
		var opsets []string
		for _, o := range slices.Sorted(maps.Keys(s.opsets)) {
			opsets = append(opsets, fmt.Sprint(o))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", op, strings.Join(opsets, " "), strings.Join(types, " "), number(s.outcomes[Pass]), number(s.outcomes[Unsupported]))
	}
	var more []string
	for _, name := range slices.Sorted(maps.Keys(ops.Names())) {
		if scores[name] == nil {
			more = append(more, name)
		}
	}
	for _, name := range engine.Controls() {
		if scores[name] == nil {
			more = append(more, name)
		}
	}
	slices.Sort(more)
	fmt.Fprintf(&b, "\nComputed too, without a test of their own: %s.\n", strings.Join(slices.Compact(more), ", "))
	return b.String()
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

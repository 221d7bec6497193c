package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/graph"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/plan/memmap"
)

// info prints what is in a model and what a run of it takes.
func info(c *call) error {
	flags := flag.NewFlagSet("info", flag.ContinueOnError)
	nodes := flags.Bool("nodes", false, "list all nodes with their shapes")
	s := newSettings(flags)
	model, err := c.parse(flags, "MODEL")
	if err != nil {
		return err
	}
	return s.tell(c.stdout, model, *nodes)
}

func (s *settings) tell(w io.Writer, name string, nodes bool) error {
	file, err := readModel(name)
	if err != nil {
		return err
	}
	m, err := graph.Build(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, domain := range slices.Sorted(maps.Keys(m.Opsets)) {
		label := domain
		if label == "" {
			label = "ai.onnx"
		}
		fmt.Fprintf(w, "opset      %d of %s\n", m.Opsets[domain], label)
	}
	ports := func(what string, list []*graph.Value) {
		for _, v := range list {
			text := "?"
			if d := v.Declared; d != nil {
				text = d.Type.String()
				if d.HasShape {
					text += engine.DimsText(d.Shape)
				}
			}
			fmt.Fprintf(w, "%-10s %s %s\n", what, v.Name, text)
		}
	}
	ports("input", m.In)
	ports("output", m.Out)
	counts := map[string]int{}
	count(m.Nodes, counts)
	var list []string
	for _, op := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%s %d", op, counts[op]))
	}
	fmt.Fprintf(w, "operators  %s\n", strings.Join(list, ", "))
	p, err := s.program(file)
	if missing, ok := errors.AsType[*engine.UnsupportedError](err); ok {
		for _, n := range missing.Nodes {
			fmt.Fprintln(w, strings.TrimSpace(fmt.Sprintf("unsupported node %q: %s of opset %d %s", n.Node, qualified(n.Domain, n.Op), n.Opset, n.What)))
		}
		return errFailed
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Fprintf(w, "parameters %d\n", p.Parameters())
	r, in, err := s.report(p)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for i, v := range p.Inputs() {
		fmt.Fprintf(w, "with       %s %v\n", v.Name, in[i])
	}
	fmt.Fprintf(w, "nodes      %d, computed in %d steps, of which %d have shapes that depend on data\n", len(r.Nodes), r.Steps, r.Late)
	fmt.Fprintf(w, "MACs       %d\n", r.MACs)
	fmt.Fprintf(w, "memory     %s in all, %s at the same time at least, %s planned", memmap.Bytes(r.Sum), memmap.Bytes(r.LowerBound), memmap.Bytes(r.Planned))
	if r.LowerBound > 0 {
		fmt.Fprintf(w, " (%.2f of that)", float64(r.Planned)/float64(r.LowerBound))
	}
	fmt.Fprintln(w)
	if nodes {
		for _, n := range r.Nodes {
			fmt.Fprintf(w, "%-18s %s → %s  %s\n", n.Op, tensors(n.In), tensors(n.Out), n.Name)
		}
	}
	return nil
}

func tensors(list []*tensor.Tensor) string {
	var text []string
	for _, t := range list {
		if t == nil {
			text = append(text, "-")
		} else {
			text = append(text, t.String())
		}
	}
	return strings.Join(text, " ")
}

// qualified returns the name of an operator, with its domain if that is not ONNX's own.
func qualified(domain, op string) string {
	if domain == "" {
		return op
	}
	return domain + "." + op
}

func count(nodes []*graph.Node, counts map[string]int) {
	for _, n := range nodes {
		counts[qualified(n.Domain, n.Op)]++
		for _, body := range n.Bodies {
			count(body.Nodes, counts)
		}
	}
}

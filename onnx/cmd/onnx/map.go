package main

import (
	"flag"
	"fmt"
	"io"
	"path/filepath"

	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/plan/memmap"
)

// drawMap draws the memory of a run.
func drawMap(args []string) error {
	flags := flag.NewFlagSet("onnx map", flag.ContinueOnError)
	given := shapes{}
	flags.Var(given, "shape", "the shape of an input, NAME=1,3,320,320; may be given several times")
	out := flags.String("o", "-", "the file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("onnx map: %d arguments, want one model", flags.NArg())
	}
	file, err := readModel(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("onnx map: %w", err)
	}
	p, err := engine.Compile(file, engine.Options{})
	if err != nil {
		return err
	}
	in, err := zeros(p, given)
	if err != nil {
		return fmt.Errorf("onnx map: %w", err)
	}
	r, err := p.Report(in)
	if err != nil {
		return err
	}
	return create(*out, func(w io.Writer) error {
		return memmap.Write(w, r.Problem, r.Plan, memmap.Options{Title: filepath.Base(flags.Arg(0)), Labels: r.Labels})
	})
}

package main

import (
	"flag"
	"io"
	"path/filepath"

	"github.com/allocarrays/allocarrays-go/plan/memmap"
)

// drawMap draws the memory of a run.
func drawMap(c *call) error {
	flags := flag.NewFlagSet("map", flag.ContinueOnError)
	out := flags.String("o", "-", "the SVG `file` to write")
	s := newSettings(flags)
	model, err := c.parse(flags, "MODEL")
	if err != nil {
		return err
	}
	p, err := s.compile(model)
	if err != nil {
		return err
	}
	r, _, err := s.report(p)
	if err != nil {
		return err
	}
	return c.create(*out, func(w io.Writer) error {
		return memmap.Write(w, r.Problem, r.Plan, memmap.Options{Title: filepath.Base(model), Labels: r.Labels})
	})
}

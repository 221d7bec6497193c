package main

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"
)

const usage = `Inference classifies handwritten digits and shows what the memory for it costs.

	inference [flags]

	-data DIR           evaluate the t10k files of MNIST in DIR, gzipped or not,
	                    instead of the embedded digits
	-image FILE         classify one digit in a PNG, JPEG or GIF picture, dark on light
	                    or light on dark, and do nothing else
	-model FILE         weights in a safetensors file instead of the embedded ones
	-allocator NAME     measure only heap, bumper or locked
	-batch N            images per batch, 1 to 4096 (default 32)
	-workers N          goroutines, 1 to 256 (default: the processors, at most 4);
	                    -batch times -workers is at most 65536
	-duration TIME      of each measurement, 1ms to 1h (default 1.5s)
	-json               print one JSON object instead of text

Ctrl-C ends the program with what was measured so far; the output says "interrupted".

Examples:

	go run ./examples/inference
	go run ./examples/inference -data mnist -workers 8
	go run ./examples/inference -image digit.png
	go run ./examples/inference -allocator locked -batch 1 -duration 5s -json
`

// The bounds of flags. They keep what a run holds in memory below about 1 GB.
const (
	maxBatch    = 4096
	maxWorkers  = 256
	maxInFlight = 65536 // images, batch times workers
)

// options is what the flags say.
type options struct {
	data, image, model, allocator string
	batch, workers                int
	duration                      time.Duration
	json                          bool
}

// parse reads the flags. An error is one of usage, or flag.ErrHelp.
func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("inference", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&o.data, "data", "", "")
	f.StringVar(&o.image, "image", "", "")
	f.StringVar(&o.model, "model", "", "")
	f.StringVar(&o.allocator, "allocator", "", "")
	f.IntVar(&o.batch, "batch", 32, "")
	f.IntVar(&o.workers, "workers", min(4, runtime.GOMAXPROCS(0)), "")
	f.DurationVar(&o.duration, "duration", 1500*time.Millisecond, "")
	f.BoolVar(&o.json, "json", false, "")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if err := o.checkValues(); err != nil {
		return o, err
	}
	return o, checkTogether(f)
}

func (o options) checkValues() error {
	switch {
	case o.batch < 1 || o.batch > maxBatch:
		return fmt.Errorf("-batch %d is not from 1 to %d", o.batch, maxBatch)
	case o.workers < 1 || o.workers > maxWorkers:
		return fmt.Errorf("-workers %d is not from 1 to %d", o.workers, maxWorkers)
	case o.batch*o.workers > maxInFlight:
		return fmt.Errorf("-batch %d times -workers %d is more than %d", o.batch, o.workers, maxInFlight)
	case o.duration < time.Millisecond || o.duration > time.Hour:
		return fmt.Errorf("-duration %v is not from 1ms to 1h", o.duration)
	case o.allocator != "" && !slices.Contains(memoryNames(), o.allocator):
		return fmt.Errorf("-allocator %q is not one of %s", o.allocator, strings.Join(memoryNames(), ", "))
	}
	return nil
}

// checkTogether refuses empty paths, and flags that have no effect beside -image.
func checkTogether(f *flag.FlagSet) (err error) {
	single := false
	f.Visit(func(g *flag.Flag) { single = single || g.Name == "image" })
	f.Visit(func(g *flag.Flag) {
		switch {
		case err != nil:
		case g.Value.String() == "":
			err = fmt.Errorf("-%s is empty", g.Name)
		case single && !slices.Contains([]string{"image", "model", "json"}, g.Name):
			err = fmt.Errorf("-image and -%s exclude each other", g.Name)
		}
	})
	return err
}

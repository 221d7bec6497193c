package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

const usage = `Inference classifies handwritten digits and shows what the memory for it costs.

	inference [flags]

	-data DIR           evaluate the t10k files of MNIST in DIR, gzipped or not,
	                    instead of the embedded digits
	-image FILE         classify one digit in a PNG, JPEG or GIF picture, dark on light
	                    or light on dark, and do nothing else
	-serve ADDRESS      answer predictions over HTTP, and show a page to draw digits on,
	                    until Ctrl-C; as in :8080, for everybody, or localhost:8080
	-model FILE         weights in a safetensors file instead of the embedded ones
	-allocator NAME     measure only heap, bumper or locked
	-batch N            images per batch, 1 to 4096 (default 32)
	-workers N          goroutines, 1 to 256 (default: the processors, at most 4);
	                    -batch times -workers is at most 65536
	-duration TIME      of each measurement, 1ms to 1h (default 1.5s)
	-json               print one JSON object instead of text

Ctrl-C ends the program with what was measured so far; the output says "interrupted".
With -serve it first finishes the requests that have begun.

Examples:

	go run ./examples/inference
	go run ./examples/inference -data mnist -workers 8
	go run ./examples/inference -image digit.png
	go run ./examples/inference -serve localhost:8080
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
	data, image, model, allocator, serve string
	batch, workers                       int
	duration                             time.Duration
	json                                 bool
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
	f.StringVar(&o.serve, "serve", "", "")
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

// alone are the flags that stand for something else than the measurement, and the flags
// that have an effect beside them.
var alone = map[string][]string{
	"image": {"image", "model", "json"},
	"serve": {"serve", "model"},
}

// checkTogether refuses empty values, an address that is none, and flags that have no
// effect beside others.
func checkTogether(f *flag.FlagSet) (err error) {
	var single string
	f.Visit(func(g *flag.Flag) {
		if alone[g.Name] != nil {
			single = g.Name
		}
	})
	f.Visit(func(g *flag.Flag) {
		switch {
		case err != nil:
		case g.Value.String() == "":
			err = fmt.Errorf("-%s is empty", g.Name)
		case single != "" && !slices.Contains(alone[single], g.Name):
			err = fmt.Errorf("-%s and -%s exclude each other", single, g.Name)
		case g.Name == "serve":
			err = checkAddress(g.Value.String())
		}
	})
	return err
}

// checkAddress refuses what no listener takes: an address is a host, which may be empty,
// a colon and a port.
func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("-serve %q is not an address such as :8080 or localhost:8080", address)
	}
	return nil
}

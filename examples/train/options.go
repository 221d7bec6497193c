package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
)

const usage = `Train makes the weights of examples/inference.

	train -data DIR -out FILE.safetensors [flags]

	-data DIR     folder with the IDX files of MNIST, gzipped or not
	-out FILE     safetensors file to write, when the training is complete
	-epochs N     passes over the training images, 1 to 1000 (default 40)
	-batch N      images per step, 1 to 4096 (default 128)
	-lr RATE      learning rate at the beginning, up to 1 (default 0.002)
	-seed N       seed of all random numbers: the same seed gives the same weights (default 1)

Example:

	go run ./examples/train -data mnist -out model.safetensors
`

// options is what the flags say.
type options struct {
	data, out     string  // a folder and a file
	epochs, batch int     // passes over the images, images per step
	seed          uint64  // of the weights, the order and the distortions
	lr            float64 // learning rate of the first step
}

// parse reads the flags. An error is one of usage, or flag.ErrHelp.
func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("train", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&o.data, "data", "", "")
	f.StringVar(&o.out, "out", "", "")
	f.IntVar(&o.epochs, "epochs", 40, "")
	f.IntVar(&o.batch, "batch", 128, "")
	f.Uint64Var(&o.seed, "seed", 1, "")
	f.Float64Var(&o.lr, "lr", 0.002, "")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(f.Args())
}

// check returns an error for the first flag whose value is missing or out of its range,
// or for an argument, of which there are none.
func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.data == "":
		return errors.New("-data is missing")
	case o.out == "":
		return errors.New("-out is missing")
	case o.epochs < 1 || o.epochs > 1000:
		return fmt.Errorf("-epochs %d is not from 1 to 1000", o.epochs)
	case o.batch < 1 || o.batch > 4096:
		return fmt.Errorf("-batch %d is not from 1 to 4096", o.batch)
	case !(o.lr > 0 && o.lr <= 1): // NaN is neither
		return fmt.Errorf("-lr %v is not above 0 and at most 1", o.lr)
	}
	return nil
}

// command is the command line for the metadata of the weights. Of paths it has what
// is the same for everybody.
func (o options) command() string {
	return fmt.Sprintf("go run ./examples/train -data DIR -out %s -epochs %d -batch %d -lr %v -seed %d",
		filepath.Base(o.out), o.epochs, o.batch, o.lr, o.seed)
}

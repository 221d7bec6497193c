// Command onnx looks at models and runs them.
//
//	onnx bench [-json] [-in FILE]… [-threads N] [-for 1s] MODEL    measure runs: time, allocations, memory
//	onnx info [-nodes] MODEL                                       say what is in a model and what a run of it takes
//	onnx map [-o FILE] MODEL                                       draw the memory of a run, as SVG
//	onnx run [-in FILE]… [-out FILE]… MODEL                        run a model once, on tensors in files
//	onnx verify [-json] [-q] [-run PATTERN] DIR|TGZ                run the ONNX backend tests in a folder
//	onnx verify -scoreboard FILE DIR|TGZ                           write a page about the operators
//
// All but verify take
//
//	-shape NAME=1,3,320,320    the shape of an input of zeros; else it is what the file says, and 1 where that says nothing
//	-bind NAME=16000           the value of an input that is one integer and always the same
//	-memory 4096               the most memory of inputs, outputs and a run together, in MiB
//
// Inputs come from .npy, .npz and safetensors files, which are told apart by what is in them, and may be
// pipes. An .npz or safetensors file has inputs by name, a .npy file is -in NAME=FILE, or just -in FILE if the model
// has one input. Inputs without a file or a bound value are zeros. Outputs are written as their file's name
// ends: .npz and .safetensors have all of them, or, as -out NAME=FILE does, one; .npy has one. A
// file that is there already is replaced when all has been written, and not before.
//
// The exit status is 0, 1 if something failed, 2 if the command line is wrong, and 130 after an interrupt.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// A call is what a command is given.
type call struct {
	ctx            context.Context
	args           []string
	stdout, stderr io.Writer
	files          *files // that it writes
}

var commands = map[string]func(*call) error{"bench": bench, "info": info, "map": drawMap, "run": run, "verify": verify}

// errFailed means that everything is said already.
var errFailed = errors.New("failed")

var errInterrupted = errors.New("interrupted")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command does what the arguments say, and returns the exit status.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	if name := args[0]; name == "help" || name == "-h" || name == "-help" || name == "--help" {
		fmt.Fprint(stdout, usage)
		return 0
	}
	work := commands[args[0]]
	if work == nil {
		fmt.Fprintf(stderr, "onnx: no command %q\n%s", args[0], usage)
		return 2
	}
	c := &call{ctx: ctx, args: args[1:], stdout: stdout, stderr: stderr, files: &files{}}
	switch err := c.await(work); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errFailed):
		return 1
	case errors.Is(err, errInterrupted):
		fmt.Fprintf(stderr, "onnx %s: interrupted\n", args[0])
		return 130
	case isUsage(err):
		fmt.Fprintf(stderr, "onnx %s: %v\nonnx %s -h says more\n", args[0], err, args[0])
		return 2
	default:
		fmt.Fprintf(stderr, "onnx %s: %v\n", args[0], err)
		return 1
	}
}

// await returns what work returns, or errInterrupted as soon as the context ends: opening a pipe may wait for ever,
// and no call interrupts it. No file is written after that.
func (c *call) await(work func(*call) error) error {
	done := make(chan error, 1) // with room: nobody may be listening
	go func() { done <- work(c) }()
	select {
	case err := <-done:
		if c.ctx.Err() != nil && errors.Is(err, c.ctx.Err()) {
			return errInterrupted
		}
		return err
	case <-c.ctx.Done():
		c.files.abandon()
		return errInterrupted
	}
}

const usage = `usage:
  onnx bench [-json] [-in FILE]… [-threads N] [-for 1s] MODEL    measure runs: time, allocations, memory
  onnx info [-nodes] MODEL                                       say what is in a model and what a run of it takes
  onnx map [-o FILE] MODEL                                       draw the memory of a run, as SVG
  onnx run [-in FILE]… [-out FILE]… MODEL                        run a model once, on tensors in files
  onnx verify [-json] [-q] [-run PATTERN] DIR|TGZ                run the ONNX backend tests in a folder
  onnx verify -scoreboard FILE DIR|TGZ                           write a page about the operators
all but verify take
  -shape NAME=1,3,320,320    the shape of an input of zeros; may be given several times
  -bind NAME=16000           the value of an input that is one integer and always the same; may be given several times
  -memory 4096               the most memory of inputs, outputs and a run together, in MiB
`

package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/allocarrays/allocarrays-go/examples/internal/input"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code: 0, also when ctx was cancelled and the
// output says so; 1 for a failure, or if ctx was cancelled before there was anything to
// say; 2 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		io.WriteString(stdout, usage) //nolint:errcheck // there is nobody left to tell
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "inference: %s (inference -h explains)\n", input.Line(err))
		return 2
	}
	out := bufio.NewWriter(stdout)
	err = opts.run(ctx, out, stderr)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(stderr, "inference:", input.Line(err))
		return 1
	}
	return 0
}

// run does what the flags ask for.
func (o options) run(ctx context.Context, out *bufio.Writer, stderr io.Writer) error {
	model, err := o.loadModel(ctx)
	if err != nil {
		return err
	}
	if o.image != "" {
		return o.guess(ctx, model, out)
	}
	set, err := o.loadSamples(ctx)
	if err != nil {
		return err
	}
	if o.serve != "" {
		return o.listen(ctx, model, set, out, stderr)
	}
	return o.demonstrate(ctx, model, set, out, stderr)
}

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

	"github.com/allocarrays/allocarrays-go/examples/internal/input"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code: 0, 1 for a failure or an
// interruption, 2 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		io.WriteString(stdout, usage) //nolint:errcheck // there is nobody left to tell
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "train: %s (train -h explains)\n", input.Line(err))
		return 2
	}
	if err := trainAndSave(ctx, opts, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "train:", input.Line(err))
		return 1
	}
	return 0
}

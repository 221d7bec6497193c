package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"
)

// Flags are declared before beam.Init, which parses them together with Beam's own, such as
// -runner and -endpoint, and turns the program into a worker where a runner wants one.
var (
	imagesFlag = flag.String("images", "", "pattern of the `files` to classify: IDX sets, PNG, JPEG or GIF pictures (needed)")
	modelFlag  = flag.String("model", "../inference/model.safetensors", "`file` of the weights, which all workers can read")
	outFlag    = flag.String("out", "", "`folder` to write to (needed)")
	batchFlag  = flag.Int("batch", 64, "`images` in a micro-batch, 1 to 4096")
)

func main() {
	flag.Parse()
	beam.Init()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "beam:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: put patterns of files in quotes behind -images", flag.Arg(0))
	case *imagesFlag == "" || *outFlag == "":
		return errors.New("-images and -out are needed; -h tells more")
	case *batchFlag < 1 || *batchFlag > 4096:
		return fmt.Errorf("-batch %d: want 1 to 4096", *batchFlag)
	}
	if err := removeOld(ctx, *outFlag); err != nil {
		return err
	}
	o := Options{*imagesFlag, *modelFlag, *outFlag, *batchFlag}
	if err := beamx.Run(ctx, Build(o)); err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		return err
	}
	return report(ctx, o)
}

// removeOld removes what an earlier run wrote: a run without problems writes no file of them.
func removeOld(ctx context.Context, out string) error {
	fs, err := filesystem.New(ctx, out)
	if err != nil {
		return err
	}
	defer fs.Close()
	remover, ok := fs.(filesystem.Remover)
	for _, name := range []string{resultsFile, problemsFile, summaryFile} {
		found, err := fs.List(ctx, in(out, name))
		if err != nil || len(found) == 0 {
			continue // where the folder cannot be read, writing tells why
		}
		if !ok {
			return fmt.Errorf("%s is there already", in(out, name))
		}
		if err := remover.Remove(ctx, in(out, name)); err != nil {
			return err
		}
	}
	return nil
}

// report prints the summary.
func report(ctx context.Context, o Options) error {
	fs, err := filesystem.New(ctx, o.Out)
	if err != nil {
		return err
	}
	defer fs.Close()
	text, err := filesystem.Read(ctx, fs, in(o.Out, summaryFile))
	if err != nil {
		return err
	}
	fmt.Print(string(text))
	if found, err := fs.List(ctx, in(o.Out, problemsFile)); err == nil && len(found) > 0 {
		return fmt.Errorf("some files could not be read: see %s", in(o.Out, problemsFile))
	}
	return nil
}

// Memplan packs blocks of memory whose lives are known into one arena.
//
// Usage:
//
//	memplan [-mode fast|search] [-time 10s] [-svg OUT] [-json] FILE
//
// FILE is a CSV in the format of MiniMalloc: a header with the columns id, lower, upper and
// size, and if wanted alignment; a line for each block, live in [lower, upper). A dash is
// the standard input. Without flags memplan prints the lower bound and the peak of a plan;
// -json prints the plan, -svg draws it. -mode search goes on until it has proved that no
// plan is better, or until the time is over, or until it is interrupted.
//
// -training N generates a problem of N blocks like those of a training step, with -seed,
// instead of reading a file.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/allocarrays/allocarrays-go/plan"
	"github.com/allocarrays/allocarrays-go/plan/internal/training"
	"github.com/allocarrays/allocarrays-go/plan/memmap"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "memplan:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage")

// run does what the arguments say.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("memplan", flag.ContinueOnError)
	flags.SetOutput(stderr)
	mode := flags.String("mode", "fast", "`fast` or search")
	limit := flags.Duration("time", 10*time.Second, "how long -mode search may take")
	svg := flags.String("svg", "", "draw the plan into this `file`")
	asJSON := flags.Bool("json", false, "print the plan as JSON")
	blocks := flags.Int("training", 0, "generate a problem of `N` blocks instead of reading a file")
	seed := flags.Uint64("seed", 1, "of -training")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: memplan [-mode fast|search] [-time 10s] [-svg OUT] [-json] FILE")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return errUsage
	}
	if generate := *blocks > 0; *mode != "fast" && *mode != "search" || *limit < 0 || *blocks < 0 ||
		generate != (flags.NArg() == 0) || flags.NArg() > 1 {
		flags.Usage()
		return errUsage
	}
	var f file
	var err error
	if *blocks > 0 {
		f.problem = training.Step(*blocks, *seed)
		for i := range f.problem.Blocks {
			f.ids = append(f.ids, strconv.Itoa(i))
		}
	} else if f, err = open(flags.Arg(0), stdin); err != nil {
		return err
	}
	start := time.Now()
	var got plan.Plan
	if *mode == "search" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *limit)
		defer cancel()
		got, err = plan.Search(ctx, f.problem)
	} else {
		got, err = plan.Pack(f.problem)
	}
	if err != nil {
		return err
	}
	took := time.Since(start)
	if *svg != "" {
		if err := draw(*svg, f, got); err != nil {
			return err
		}
	}
	if *asJSON {
		return printJSON(stdout, f, got, took)
	}
	return printText(stdout, f, got, took)
}

func draw(name string, f file, p plan.Plan) error {
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(memmap.Write(out, f.problem, p, memmap.Options{Labels: f.ids}), out.Close())
}

func printJSON(w io.Writer, f file, p plan.Plan, took time.Duration) error {
	offsets := make(map[string]int64, len(p.Offsets))
	for i, id := range f.ids {
		offsets[id] = p.Offsets[i]
	}
	bound, err := plan.LowerBound(f.problem)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(struct {
		Blocks  int              `json:"blocks"`
		Bound   int64            `json:"lower_bound"`
		Peak    int64            `json:"peak"`
		Proved  bool             `json:"proved"`
		MS      float64          `json:"ms"`
		Offsets map[string]int64 `json:"offsets"`
	}{len(f.ids), bound, p.Peak, p.Proved(), float64(took.Microseconds()) / 1000, offsets})
}

func printText(w io.Writer, f file, p plan.Plan, took time.Duration) error {
	var sum int64
	for _, b := range f.problem.Blocks {
		sum += b.Size
	}
	proved := "no plan is better"
	if !p.Proved() {
		proved = fmt.Sprintf("%.2f %% above what is proved", 100*(float64(p.Peak)/float64(p.Bound)-1))
	}
	_, err := fmt.Fprintf(w, "blocks       %d\nsum          %s\nlower bound  %s\npeak         %s (%d bytes)\n             %s\ntime         %v\n",
		len(f.ids), memmap.Bytes(sum), memmap.Bytes(p.Bound), memmap.Bytes(p.Peak), p.Peak, proved, took.Round(time.Microsecond))
	return err
}

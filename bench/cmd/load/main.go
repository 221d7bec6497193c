// Command load shows what package scopehttp, and for gRPC contrib/grpc, promise, on the loopback
// interface.
//
//	go run ./cmd/load                    # all of it: a quarter of an hour
//	go run ./cmd/load -storm safe        # one storm
//	go run ./cmd/load -compare           # the comparison alone
//	go run ./cmd/load -price             # what isolation costs, by size
//
// A storm drives a server to saturation, and then twice that, with answers of 8 bytes to
// 64 MB, cancelled requests, oversize bodies, panics, and handlers that run past their
// timeout and go on writing to raw slices. It checks every word of every answer. It ends with
// an error if an answer has a byte of another request; if a status comes that nobody asked
// for; if a refusal does not prove itself by the largest piece of idle memory, smaller than
// what was asked for; or if memory, goroutines or scopes do not come back.
//
// The comparison runs the service of the module's other benchmarks with a hand-written
// sync.Pool, on the heap, and in the middleware, fast and safe: in processes of their own that
// take turns.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) > 2 && os.Args[1] == "serve" { // this command's own child
		signal.Ignore(os.Interrupt)
		exit(serve(os.Args[2]))
		return
	}
	var o options
	flag.StringVar(&o.storm, "storm", "", "run only this storm: safe, fast, grpc-safe, grpc-fast; or control, which must fail")
	flag.BoolVar(&o.compare, "compare", false, "run only the comparison")
	flag.BoolVar(&o.price, "price", false, "run only the measurement of what isolation costs")
	flag.DurationVar(&o.duration, "duration", time.Minute, "of a storm, at least; half of it at saturation")
	flag.IntVar(&o.requests, "requests", 1_000_000, "answers in a storm, at least")
	flag.IntVar(&o.clients, "clients", 16, "clients at saturation")
	flag.IntVar(&o.rounds, "rounds", 7, "processes of each variant in the comparison")
	flag.DurationVar(&o.slice, "slice", 3*time.Second, "how long each of them is measured")
	flag.Parse()
	exit(o.run(ctx))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

type options struct {
	storm                     string
	compare, price            bool
	duration, slice           time.Duration
	requests, clients, rounds int
}

func (o options) run(ctx context.Context) error {
	var errs []error
	switch {
	case o.compare:
		return o.runComparison(ctx, os.Stdout)
	case o.price:
		return o.runPrice(ctx, os.Stdout)
	case o.storm != "":
		return o.runStorm(ctx, os.Stdout, o.storm)
	}
	for _, mode := range []string{"safe", "fast", "grpc-safe", "grpc-fast"} {
		errs = append(errs, o.runStorm(ctx, os.Stdout, mode))
	}
	errs = append(errs, o.runComparison(ctx, os.Stdout), o.runPrice(ctx, os.Stdout))
	return errors.Join(errs...)
}

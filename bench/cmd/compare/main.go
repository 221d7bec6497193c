// Command compare measures this module against everything that people would use
// instead. It prints tables, and, when all cases were run, writes results.json here
// and docs/performance.md with its charts. Run it in bench/:
//
//	go run ./cmd/compare -fetch
//
// Ctrl-C ends it with what was measured.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/cases"
	"github.com/allocarrays/allocarrays-go/bench/internal/fetch"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	root, err := fetch.Root()
	if err != nil {
		return err
	}
	if o.from != "" {
		return again(o, root)
	}
	forgetTuning()
	if o.fetch {
		if err := fetch.Install(ctx, fetch.Cache(root)); err != nil {
			fmt.Fprintln(os.Stderr, err) // onnxruntime is then absent, for this reason
		}
	}
	results, err := measure(ctx, o, root, args)
	if err != nil {
		return err
	}
	return write(o, root, results)
}

// forgetTuning removes from the environment what would make peers faster or slower than
// they are by themselves, such as OPENBLAS_CORETYPE.
func forgetTuning() {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		for _, prefix := range []string{"OPENBLAS_", "OMP_", "ORT_"} {
			if strings.HasPrefix(name, prefix) {
				os.Unsetenv(name)
			}
		}
	}
}

// measure runs the cases. When ctx ends it returns what was measured.
func measure(ctx context.Context, o options, root string, args []string) (record.Results, error) {
	cache := fetch.Cache(root)
	set := peer.NewSet(root, filepath.Join(cache, "bin"), cases.Specs(cache))
	defer set.Close()
	progress := newProgress(len(o.cases))
	env := &cases.Env{Rounds: o.rounds, Peers: set, Report: progress.group}
	r := record.Results{
		Machine: cases.Machine(), Rounds: o.rounds, Started: time.Now(),
		Command: strings.Join(append([]string{"go run ./cmd/compare"}, args...), " "),
	}
	var lower []record.Peer
	for _, c := range o.cases {
		progress.begin(c.Title)
		result, err := c.Run(ctx, env)
		if err != nil && ctx.Err() == nil {
			return r, fmt.Errorf("compare: %s: %w", c.Name, err)
		}
		results := []record.Case{result}
		if lowers(c, r.Machine) && ctx.Err() == nil {
			progress.group("with lower kernels")
			l, err := measureLower(ctx, c, o.rounds)
			if err != nil {
				return r, err
			}
			results, lower = append(results, l.Cases...), append(lower, l.Peers...)
		}
		progress.clear()
		r.Cases = append(r.Cases, results...)
		for _, result := range results {
			if !o.json {
				report.Text(os.Stdout, result)
			}
		}
		if r.Interrupted = ctx.Err() != nil; r.Interrupted {
			break
		}
	}
	r.Seconds = time.Since(r.Started).Seconds()
	r.Peers = addPeers(append(set.Peers(), cases.InProcess()...), lower)
	return r, nil
}

// write puts the results where they belong.
func write(o options, root string, r record.Results) error {
	if o.json {
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			return fmt.Errorf("compare: %w", err)
		}
	}
	results, docs := o.places(root, !r.Interrupted)
	if results == "" {
		return nil
	}
	if err := report.WriteDocs(docs, r); err != nil {
		return err
	}
	return report.WriteResults(results, r)
}

// again writes the documents from results that were kept.
func again(o options, root string) error {
	r, err := report.ReadResults(o.from)
	if err != nil {
		return err
	}
	_, docs := o.places(root, true)
	if docs == "" {
		docs = filepath.Join(root, "..", "docs")
	}
	return report.WriteDocs(docs, r)
}

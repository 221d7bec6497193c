package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A measurement is what a run costs once its plan is made.
type measurement struct {
	Model      string  `json:"model"`
	Time       float64 `json:"us"`                  // of the fastest run, in microseconds
	HeapAllocs float64 `json:"heap_allocs_per_run"` // the mean of many
	ScopeBytes int64   `json:"scope_bytes"`         // the most that a run has at once, with work memory and without outputs
	LiveBytes  int64   `json:"live_bytes"`          // the most intermediates at once, node by node as the file says
}

// bench measures runs of a model.
func bench(c *call) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print a line of JSON")
	var from names
	flags.Var(&from, "in", "a .npy, .npz or safetensors `file` with inputs, or NAME=FILE; may be given several times")
	threads := flags.Int("threads", 1, "how many threads may run Go code")
	wait := flags.Duration("for", time.Second, "how long to measure")
	s := newSettings(flags)
	model, err := c.parse(flags, "MODEL")
	if err != nil {
		return err
	}
	if *threads < 1 || *wait < 0 {
		return badUsage("-threads %d -for %v: want a thread or more, and no time before now", *threads, *wait)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(*threads))
	m, err := s.measure(c, model, from, *wait)
	if err != nil {
		return s.exhausted(err)
	}
	return m.write(c.stdout, *asJSON)
}

func (m *measurement) write(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(m)
	}
	_, err := fmt.Fprintf(w, "%s: %.1f µs, %.1f heap allocations, %d bytes in the scope, %d live in the file's order\n",
		m.Model, m.Time, m.HeapAllocs, m.ScopeBytes, m.LiveBytes)
	return err
}

func (s *settings) measure(c *call, model string, from []string, wait time.Duration) (*measurement, error) {
	p, err := s.compile(model)
	if err != nil {
		return nil, err
	}
	given, err := s.readInputs(p, from)
	if err != nil {
		return nil, err
	}
	in, err := s.zeros(p, given, false)
	if err != nil {
		return nil, err
	}
	if _, err := p.Plan(in); err != nil { // which checks them
		return nil, err
	}
	report, err := p.Report(in)
	if err != nil {
		return nil, err
	}
	m := &measurement{Model: filepath.Base(model), LiveBytes: report.LowerBound}
	buffer := bumper.NewSlabBuffer(s.limit(in))
	ctx := scope.WithAllocator(c.ctx, buffer)
	var outputs int64
	step := func() error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			r, err := p.Run(ctx, in)
			if err != nil {
				return err
			}
			defer r.Release()
			outputs = 0
			for _, o := range r.Outputs() {
				outputs += int64(o.Type.Bytes(o.Len())+63) &^ 63
			}
			return nil
		})
	}
	var before, after runtime.MemStats
	fastest, runs := time.Duration(0), 0
	for begin := time.Now(); runs < 3 || time.Since(begin) < wait; runs++ {
		at := time.Now()
		if err := step(); err != nil {
			return nil, err
		}
		if took := time.Since(at); runs == 0 || took < fastest {
			fastest = took
		}
	}
	m.Time = float64(fastest.Nanoseconds()) / 1e3
	few := min(runs, 100)
	m.HeapAllocs = math.Inf(1)
	for range 5 { // the least counts: what the runtime allocates meanwhile is not the run's
		runtime.ReadMemStats(&before)
		for range few {
			if err := step(); err != nil {
				return nil, err
			}
		}
		runtime.ReadMemStats(&after)
		m.HeapAllocs = min(m.HeapAllocs, float64(after.Mallocs-before.Mallocs)/float64(few))
	}
	m.ScopeBytes, err = most(c.ctx, p, in, buffer.Stats().Capacity)
	if m.ScopeBytes -= outputs; err != nil {
		return nil, err
	}
	return m, nil
}

// most returns how much a run has at once, from a buffer without slabs, whose ends are not counted.
func most(ctx context.Context, p *program, in []*tensor.Tensor, size int) (int64, error) {
	buffer := bumper.NewAllocBuffer(2*size + 1<<20)
	ctx = scope.WithAllocator(ctx, buffer)
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		r, err := p.Run(ctx, in)
		if err != nil {
			return err
		}
		r.Release()
		return nil
	})
	return int64(buffer.Stats().HighWater), err
}

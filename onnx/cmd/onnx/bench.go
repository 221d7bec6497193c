package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
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

// integers is a flag that may be given several times: NAME=16000.
type integers map[string]int64

func (s integers) String() string { return "" }

func (s integers) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	n, err := strconv.ParseInt(value, 10, 64)
	if !ok || err != nil {
		return fmt.Errorf("want NAME=16000")
	}
	s[name] = n
	return nil
}

// bench measures runs of a model.
func bench(args []string) error {
	flags := flag.NewFlagSet("onnx bench", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print a line of JSON")
	from := flags.String("in", "", "a safetensors file with the inputs, by name; those that it lacks are zeros")
	threads := flags.Int("threads", 1, "how many threads may run Go code")
	wait := flags.Duration("for", time.Second, "how long to measure")
	given, bound := shapes{}, integers{}
	flags.Var(given, "shape", "the shape of an input, NAME=1,3,320,320; may be given several times")
	flags.Var(bound, "bind", "the value of an input that is one integer and always the same, NAME=16000; may be given several times")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("onnx bench: %d arguments, want one model", flags.NArg())
	}
	if *threads < 1 || *wait < 0 {
		return fmt.Errorf("onnx bench: %d threads for %v", *threads, *wait)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(*threads))
	m, err := measure(flags.Arg(0), *from, given, bound, *wait)
	if err != nil {
		return fmt.Errorf("onnx bench: %w", err)
	}
	return m.write(os.Stdout, *asJSON)
}

func (m *measurement) write(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(m)
	}
	_, err := fmt.Fprintf(w, "%s: %.1f µs, %.1f heap allocations, %d bytes in the scope, %d live in the file's order\n",
		m.Model, m.Time, m.HeapAllocs, m.ScopeBytes, m.LiveBytes)
	return err
}

func measure(model, from string, given shapes, bound integers, wait time.Duration) (*measurement, error) {
	file, err := readModel(model)
	if err != nil {
		return nil, err
	}
	options := engine.Options{Bind: map[string]*tensor.Tensor{}}
	for _, v := range file.Graph.Inputs {
		if n, ok := bound[v.Name]; ok {
			shape := make([]int, len(v.Shape))
			for i := range shape {
				shape[i] = 1
			}
			if v.Type == tensor.Int32 {
				options.Bind[v.Name] = tensor.From([]int32{int32(n)}, shape...)
			} else {
				options.Bind[v.Name] = tensor.From([]int64{n}, shape...)
			}
			delete(bound, v.Name)
		}
	}
	for name := range bound {
		return nil, fmt.Errorf("the model has no input %q", name)
	}
	p, err := engine.Compile(file, options)
	if err != nil {
		return nil, err
	}
	in, err := zeros(p, given)
	if err != nil {
		return nil, err
	}
	if from != "" {
		if err := readInputs(from, p, in); err != nil {
			return nil, err
		}
	}
	report, err := p.Report(in)
	if err != nil {
		return nil, err
	}
	m := &measurement{Model: filepath.Base(model), LiveBytes: report.LowerBound}
	buffer := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buffer)
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
	m.ScopeBytes, err = most(p, in, buffer.Stats().Capacity)
	if m.ScopeBytes -= outputs; err != nil {
		return nil, err
	}
	return m, nil
}

// most returns how much a run has at once, from a buffer without slabs, whose ends are not counted.
func most(p *engine.Program, in []*tensor.Tensor, size int) (int64, error) {
	buffer := bumper.NewAllocBuffer(2*size + 1<<20)
	ctx := scope.WithAllocator(context.Background(), buffer)
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

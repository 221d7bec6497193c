// Rivals runs networks with package onnx and with other interpreters of ONNX files in pure Go, in turn in one
// process, on one thread.
//
//	go run . [-run NAME] [-for 1s] [-threads 1]
//
// It prints the least time of each, how much each allocates on the Go heap a run, and whether their results are ours; and which
// networks a rival cannot load or run, with its error. ALLOCARRAYS_ONNX names the folder of the networks. The
// module is one of its own, because the rivals need other versions of what the rest of bench uses.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/networks"
	"github.com/allocarrays/allocarrays-go/onnx"
)

// A rival loads models.
type rival struct {
	name string
	load func(file []byte, inputs []onnx.Tensor, outputs []string) (engine, error)
}

// An engine is a model that is ready to run on inputs that it was given.
type engine interface {
	Run() error
	// Floats returns the elements of the first output of the last run, if they are float32.
	Floats() ([]float32, error)
}

// rivals are those that can be had as Go modules. Kazuhito00/onnx-purego-interpreter and AdvancedClimateSystems/gonnx
// belong to them, but the module proxy does not have them.
var rivals = []rival{
	{"onnx-gomlx v0.5.0, backend in Go", loadGomlx},
	{"onnx-go v0.5.0, backend gorgonnx", loadOnnxGo},
}

func main() {
	pattern := flag.String("run", "mlp|cnn|silero.*|gtcrn|magika|det|rec|squeezenet|resnet50", "only networks whose name matches")
	wait := flag.Duration("for", time.Second, "how long to measure each pair, without the first runs")
	threads := flag.Int("threads", 1, "how many threads may run Go code")
	flag.Parse()
	runtime.GOMAXPROCS(*threads)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)
	if err := compare(ctx, *pattern, *wait); err != nil {
		fmt.Fprintln(os.Stderr, "rivals:", err)
		os.Exit(1)
	}
}

func compare(ctx context.Context, pattern string, wait time.Duration) error {
	match, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return err
	}
	dir, err := networks.Folder()
	if err != nil {
		return err
	}
	fmt.Println("| network | rival | here, µs | rival, µs | times as fast | here, B and allocations a run | rival, B and allocations a run |")
	fmt.Println("|---|---|---:|---:|---:|---:|---:|")
	var failed []string
	for _, n := range append(small(), networks.All()...) {
		if !match.MatchString(n.Name) {
			continue
		}
		file, inputs, err := read(n, dir)
		if err != nil {
			return err
		}
		model, err := onnx.Load(bytes.NewReader(file))
		if err != nil {
			return err
		}
		ours, err := loadOurs(model, inputs)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		var outputs []string
		for _, o := range model.Outputs() {
			outputs = append(outputs, o.Name)
		}
		for _, r := range rivals {
			if err := ctx.Err(); err != nil {
				return err
			}
			theirs, err := prepare(r, file, inputs, outputs)
			if err != nil {
				failed = append(failed, fmt.Sprintf("- %s with %s: %s", n.Name, r.name, short(err.Error())))
				continue
			}
			off, err := difference(ours, theirs)
			if err != nil {
				return fmt.Errorf("%s: %w", n.Name, err)
			}
			a, b, err := measure(ctx, ours, theirs, wait)
			if err != nil {
				return fmt.Errorf("%s: %w", n.Name, err)
			}
			fmt.Printf("| %s | %s | %.0f | %.0f | %.1f | %.0f, %.0f | %.0f, %.0f |\n", n.Name, r.name, a.micros, b.micros, b.micros/a.micros,
				a.bytes, a.allocations, b.bytes, b.allocations)
			if !(off <= 1e-3) {
				failed = append(failed, fmt.Sprintf("- %s with %s: runs, but its result is off by %.1e of the largest number", n.Name, r.name, off))
			}
		}
	}
	if len(failed) > 0 {
		fmt.Printf("\nWhat they cannot do:\n\n%s\n", strings.Join(failed, "\n"))
	}
	return nil
}

// prepare loads a model and runs it once. Some rivals panic at what they do not know.
func prepare(r rival, file []byte, inputs []onnx.Tensor, outputs []string) (e engine, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panics: %v", v)
		}
	}()
	if e, err = r.load(file, inputs, outputs); err != nil {
		return nil, err
	}
	return e, e.Run()
}

// short is the beginning of a message, without how onnx-gomlx came there.
func short(message string) string {
	if at := strings.LastIndex(message, " panicked: "); at >= 0 {
		message = message[at+1:]
	}
	message = strings.Join(strings.Fields(message), " ")
	if r := []rune(message); len(r) > 240 {
		message = string(r[:240]) + "…"
	}
	return message
}

// Vad prints where somebody speaks in a recording, with the network Silero VAD.
//
//	go run . -model silero_vad.onnx speech.wav
//	arecord -q -f S16_LE -r 16000 -t wav | go run . -model silero_vad.onnx -
//
// A line for each piece of speech has its beginning and end in seconds, and is printed as soon as
// the piece has ended. The recording is a WAV file, or one that still grows, of 16 bits and 8 or
// 16 kHz; several channels are mixed. README.md says where the model comes from.
//
// A chunk of 32 ms is a scope: everything the network computes is released when the chunk is
// done. What goes on to the next chunk, the state of the network, lies in the scope around.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/internal/input"
	"github.com/allocarrays/allocarrays-go/examples/internal/progress"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "vad:", err)
			os.Exit(1)
		}
	}
}

func run(ctx context.Context, args []string, in io.Reader, out, problems io.Writer) error {
	flags := flag.NewFlagSet("vad", flag.ContinueOnError)
	flags.SetOutput(problems)
	flags.Usage = func() {
		fmt.Fprintln(problems, "usage: vad -model FILE [-threshold P] RECORDING.wav|-")
		flags.PrintDefaults()
	}
	path := flags.String("model", "silero_vad.onnx", "`file` of the network; see README.md")
	threshold := flags.Float64("threshold", 0.5, "`probability` from which on a chunk counts as speech")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() != 1:
		return fmt.Errorf("want one recording, got %d", flags.NArg())
	case !(*threshold > quietBelow && *threshold < 1):
		return fmt.Errorf("-threshold %v: want a number between %v and 1", *threshold, quietBelow)
	}

	recording := in
	if name := flags.Arg(0); name != "-" {
		f, err := input.Await(ctx, func() (*os.File, error) { return os.Open(name) })
		if err != nil {
			return err
		}
		defer f.Close()
		recording = f
	}
	// Reading cannot be interrupted, waiting for it can.
	_, err := input.Await(ctx, func() (struct{}, error) {
		w, err := openWave(bufio.NewReader(recording))
		if err != nil {
			return struct{}{}, fmt.Errorf("%s: %w", flags.Arg(0), err)
		}
		d, err := load(*path, w.rate, problems)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, detect(ctx, d, w, float32(*threshold), func(s segment) error {
			_, err := fmt.Fprintf(out, "%.2f\t%.2f\n", s.begin.Seconds(), s.end.Seconds())
			return err
		})
	})
	return err
}

// load reads and compiles the network for a rate, and shows that it does.
func load(path string, rate int, problems io.Writer) (*detector, error) {
	bar := progress.New(problems, "loading", 2)
	defer bar.Close()
	model, err := onnx.LoadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; README.md says how to get it", err)
	}
	if err != nil {
		return nil, err
	}
	bar.Set(1, "compiling")
	return newDetector(model, rate)
}

// detect calls found with each piece of speech in the recording.
func detect(ctx context.Context, d *detector, w *wave, threshold float32, found func(segment) error) error {
	ctx = scope.WithAllocator(ctx, bumper.NewSlabBuffer())
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		s := d.newStream(ctx)
		cut := newCutter(threshold, time.Duration(d.chunk)*time.Second/time.Duration(w.rate))
		for {
			n, err := w.read(s.chunk())
			if n > 0 && n < d.chunk {
				clear(s.chunk()[n:]) // the end of the recording
			}
			if n == 0 || err != nil {
				if end, ok := cut.end(w.duration()); ok && err == nil {
					err = found(end)
				}
				return err
			}
			p, err := s.next(ctx)
			if err != nil {
				return err
			}
			if done, ok := cut.next(p); ok {
				if err := found(done); err != nil {
					return err
				}
			}
		}
	})
}

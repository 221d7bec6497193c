package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
	"github.com/allocarrays/allocarrays-go/examples/internal/input"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/nn"
)

// trainAndSave does all that the command does. What can fail is tried before the
// long work begins.
func trainAndSave(ctx context.Context, o options, stdout, stderr io.Writer) error {
	if err := requireWritable(o.out); err != nil {
		return err
	}
	train, err := load(ctx, o.data, idx.Train)
	if err != nil {
		return err
	}
	test, err := load(ctx, o.data, idx.Test)
	if err != nil {
		return err
	}
	begin := time.Now()
	t, err := newTrainer(o, train)
	if err != nil {
		return err
	}
	if err := t.run(ctx, stderr); err != nil {
		return fmt.Errorf("%w; %s was not written", err, o.out)
	}
	correct := t.correct(ctx, test)
	accuracy := float64(correct) / float64(test.N)
	if err := nn.SaveFile(o.out, t.model, o.metadata(t, accuracy)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s on %d images, %d epochs, %.0f s: loss %.4f, %.2f %% of %d test images correct\n"+
		"%d steps after the first allocated %d objects, %d bytes, on the Go heap; GC cycles: %d\n"+
		"wrote %s\n",
		mlp.Name, train.N, o.epochs, time.Since(begin).Seconds(), t.losses[len(t.losses)-1], 100*accuracy, test.N,
		t.steps-1, t.heap.Objects, t.heap.Bytes, t.heap.Cycles, o.out)
	return err
}

// metadata is what the file of weights tells about its origin.
func (o options) metadata(t *trainer, accuracy float64) map[string]string {
	return map[string]string{
		"model":    mlp.Name,
		"command":  o.command(),
		"seed":     strconv.FormatUint(o.seed, 10),
		"epochs":   strconv.Itoa(o.epochs),
		"images":   strconv.Itoa(t.data.N),
		"loss":     strconv.FormatFloat(t.losses[len(t.losses)-1], 'f', 4, 64),
		"accuracy": strconv.FormatFloat(accuracy, 'f', 4, 64),
	}
}

// load reads a set and requires its images to be of the model's size.
func load(ctx context.Context, dir string, set idx.Set) (idx.Data, error) {
	d, err := input.Await(ctx, func() (idx.Data, error) { return idx.Load(dir, set) })
	if errors.Is(err, input.ErrInterrupted) {
		err = fmt.Errorf("%w while reading %s", err, dir)
	}
	if err == nil && (d.Rows != side || d.Cols != side) {
		err = fmt.Errorf("%s: %v images are %dx%d pixels, the model takes %dx%d", dir, set, d.Rows, d.Cols, side, side)
	}
	return d, err
}

// requireWritable tries whether a file can be made at path, and leaves no trace.
func requireWritable(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("%s: cannot be written: %w", path, errors.Unwrap(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
)

const weights = "../inference/model.safetensors"

func worker(t testing.TB, batch int) *Classify {
	t.Helper()
	c := &Classify{Model: weights, Batch: batch}
	require.NoError(t, c.Setup(t.Context()))
	return c
}

// plain classifies as one process without Beam does: all images at once, on the heap.
func plain(t testing.TB, c *Classify, pixels []byte) []mlp.Prediction {
	t.Helper()
	out := make([]mlp.Prediction, len(pixels)/mlp.Pixels)
	require.NoError(t, c.model.classify(context.Background(), allocarray.Wrap(pixels, len(out), mlp.Pixels), out))
	return out
}

func numbered(set digits.Set, i int) Image {
	return Image{strconv.Itoa(i), int(set.Labels[i]), set.Image(i)}
}

// TestBundles: results are the same bits, in the order of the images, however bundles and
// micro-batches are cut.
func TestBundles(t *testing.T) {
	set := digits.Generate(103, 1)
	for _, batch := range []int{1, 7, 64, 200} {
		c := worker(t, batch)
		want := plain(t, c, set.Images)
		var got []Result
		images := 0
		results := func(r Result) { got = append(got, r) }
		timings := func(m Timing) { images += m.Images }
		for i := 0; i < set.Len(); {
			require.NoError(t, c.StartBundle(t.Context(), results, timings))
			for range min(41, set.Len()-i) {
				require.NoError(t, c.ProcessElement(t.Context(), numbered(set, i), results, timings))
				i++
			}
			require.NoError(t, c.FinishBundle(t.Context(), results, timings))
			require.Nil(t, c.bundle)
		}
		require.Len(t, got, set.Len())
		require.Equal(t, set.Len(), images)
		for i, r := range got {
			require.Equal(t, Result{strconv.Itoa(i), int(set.Labels[i]), want[i].Digit, want[i].Probability}, r)
		}
	}
}

// TestFailedBundle: after a bundle that ended without FinishBundle, the next one has only its
// own images, and all its memory.
func TestFailedBundle(t *testing.T) {
	set := digits.Generate(20, 2)
	c := worker(t, 8)
	var got []string
	results := func(r Result) { got = append(got, r.Name) }
	timings := func(Timing) {}
	capacity := 0
	for round := range 50 {
		got = nil
		require.NoError(t, c.StartBundle(t.Context(), results, timings))
		for i := range 5 { // they wait when the bundle fails
			require.NoError(t, c.ProcessElement(t.Context(), numbered(set, i), results, timings))
		}
		require.Error(t, c.ProcessElement(t.Context(), Image{Name: "small", Pixels: make([]byte, 3)}, results, timings))

		require.NoError(t, c.StartBundle(t.Context(), results, timings))
		for i := 10; i < 20; i++ {
			require.NoError(t, c.ProcessElement(t.Context(), numbered(set, i), results, timings))
		}
		require.NoError(t, c.FinishBundle(t.Context(), results, timings))
		require.Equal(t, []string{"10", "11", "12", "13", "14", "15", "16", "17", "18", "19"}, got)
		if round == 0 {
			capacity = c.buffer.Stats().Capacity
		}
		require.Equal(t, capacity, c.buffer.Stats().Capacity)
		require.Zero(t, c.buffer.Stats().Used)
	}
}

// TestNoTeardown: a worker that nobody tears down is collected with its buffer, also with a
// bundle open.
func TestNoTeardown(t *testing.T) {
	buffer := func() weak.Pointer[bumper.SlabBuffer] {
		c := worker(t, 8)
		require.NoError(t, c.StartBundle(t.Context(), nil, nil))
		return weak.Make(c.buffer)
	}()
	for range 10 {
		runtime.GC()
		if buffer.Value() == nil {
			return
		}
	}
	t.Fatal("the buffer is kept")
}

// TestAllocations: a micro-batch takes nothing from the heap.
func TestAllocations(t *testing.T) {
	set := digits.Generate(64, 3)
	c := worker(t, 64)
	results, timings := func(Result) {}, func(Timing) {}
	require.NoError(t, c.StartBundle(t.Context(), results, timings))
	all := make([]Image, set.Len())
	for i := range all {
		all[i] = numbered(set, i)
	}
	allocs := testing.AllocsPerRun(100, func() {
		for _, img := range all {
			if err := c.ProcessElement(t.Context(), img, results, timings); err != nil {
				panic(err)
			}
		}
	})
	require.Zero(t, allocs)
	require.NoError(t, c.FinishBundle(t.Context(), results, timings))
}

func TestSetupErrors(t *testing.T) {
	require.ErrorContains(t, (&Classify{Model: filepath.Join(t.TempDir(), "none"), Batch: 1}).Setup(t.Context()), "none")
	require.ErrorContains(t, (&Classify{Model: "classify_test.go", Batch: 1}).Setup(t.Context()), "classify_test.go")
	require.ErrorContains(t, (&Classify{Model: "unknown://x", Batch: 1}).Setup(t.Context()), "unknown")
}

// BenchmarkMicroBatch is what a worker does for 64 images, Beam left out; BenchmarkPlain is the same
// as one process does it, with one batch.
func BenchmarkMicroBatch(b *testing.B) {
	set := digits.Generate(64, 3)
	c := worker(b, 64)
	results, timings := func(Result) {}, func(Timing) {}
	require.NoError(b, c.StartBundle(b.Context(), results, timings))
	all := make([]Image, set.Len())
	for i := range all {
		all[i] = numbered(set, i)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, img := range all {
			if err := c.ProcessElement(b.Context(), img, results, timings); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkPlain(b *testing.B) {
	set := digits.Generate(64, 3)
	c := worker(b, 64)
	b.ReportAllocs()
	for b.Loop() {
		plain(b, c, set.Images)
	}
}

// TestModelIsShared: a process reads a model once, and reads it again if that failed.
func TestModelIsShared(t *testing.T) {
	require.Equal(t, worker(t, 1).model, worker(t, 2).model) // the same chain
	path := filepath.Join(t.TempDir(), "late")
	require.Error(t, (&Classify{Model: path, Batch: 1}).Setup(t.Context()))
	data, err := os.ReadFile(weights)
	require.NoError(t, err)
	write(t, path, data)
	require.NoError(t, (&Classify{Model: path, Batch: 1}).Setup(t.Context()))
}

// BenchmarkLoad is what a process pays once: it reads the model.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		models.byPath = nil
		if _, err := load(b.Context(), weights); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBundle is what a bundle costs that has one image.
func BenchmarkBundle(b *testing.B) {
	set := digits.Generate(1, 3)
	c := worker(b, 64)
	results, timings := func(Result) {}, func(Timing) {}
	for b.Loop() {
		err := c.StartBundle(b.Context(), results, timings)
		if err == nil {
			err = c.ProcessElement(b.Context(), numbered(set, 0), results, timings)
		}
		if err == nil {
			err = c.FinishBundle(b.Context(), results, timings)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

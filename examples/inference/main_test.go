package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// The tests are inside the package because a command exports nothing.

// childVariable makes the test binary the program itself, for tests with real signals.
const childVariable = "ALLOCARRAYS_INFERENCE_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// succeed runs the program, which has to end with code 0 and say nothing on stderr, and
// returns its output.
func succeed(t *testing.T, ctx context.Context, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(ctx, args, &stdout, &stderr), stderr.String())
	require.Empty(t, stderr.String(), "no bar on what is not a terminal")
	return stdout.String()
}

// published is the JSON object as the documentation has it.
type published struct {
	Model       string  `json:"model"`
	Samples     int     `json:"samples"`
	Accuracy    float64 `json:"accuracy"`
	Interrupted bool    `json:"interrupted"`
	Runs        []struct {
		Allocator          string  `json:"allocator"`
		Batch              int     `json:"batch"`
		Workers            int     `json:"workers"`
		ImagesPerS         float64 `json:"images_per_s"`
		HeapBytesPerBatch  *int    `json:"heap_bytes_per_batch"`
		HeapAllocsPerBatch *int    `json:"heap_allocs_per_batch"`
		GCCycles           *int    `json:"gc_cycles"`
		P50us              float64 `json:"p50_us"`
		P99us              float64 `json:"p99_us"`
		Batches            int     `json:"batches"`
		Seconds            float64 `json:"seconds"`
		HeapBytesTotal     *int    `json:"heap_bytes_total"`
		HeapAllocsTotal    *int    `json:"heap_allocs_total"`
	} `json:"runs"`
	Planned []struct {
		Model  string `json:"model"`
		Batch  int    `json:"batch"`
		Arrays int    `json:"arrays"`
		Sum    int    `json:"sum"`
		Fit    int    `json:"best_fit"`
		Bound  int    `json:"lower_bound"`
		Peak   int    `json:"peak"`
	} `json:"planned"`
}

func decode(t *testing.T, text string) (p published) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&p), text)
	require.False(t, d.More(), "one object")
	return p
}

func TestWithoutFlags(t *testing.T) {
	text := succeed(t, t.Context(), "-duration", "60ms")
	for _, want := range []string{
		"784-128-10, weights: embedded. Of 1,000 embedded drawn digits, 9",
		"…/allocarray, …/nn: no bumper, no locked.\n",
		"  memory", "    heap", "  bumper", "  locked",
		"\nbumper: ", "× the images/s of heap, ", "× its p99 latency\n",
		" heap objects, ", " bytes, in all ",
		"@@", " %",
	} {
		require.Contains(t, text, want)
	}
	for line := range strings.Lines(text) {
		require.Equal(t, strings.TrimRight(line, " \n")+"\n", line, "no spaces at the end")
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	duration := 300 * time.Millisecond
	if testing.Short() {
		duration = 50 * time.Millisecond
	}
	for _, workers := range []string{"1", "8"} {
		t.Run(workers, func(t *testing.T) {
			p := decode(t, succeed(t, t.Context(), "-json", "-workers", workers, "-batch", "16", "-duration", duration.String()))
			require.Equal(t, "embedded", p.Model)
			require.Equal(t, 1000, p.Samples)
			require.GreaterOrEqual(t, p.Accuracy, 0.95)
			require.Len(t, p.Runs, 3)
			for i, r := range p.Runs {
				require.Equal(t, memoryNames()[i], r.Allocator)
				require.Equal(t, 16, r.Batch)
				require.Greater(t, r.ImagesPerS, 100.0)
				require.Positive(t, r.P50us)
				require.GreaterOrEqual(t, r.P99us, r.P50us)
				require.GreaterOrEqual(t, r.Seconds, duration.Seconds())
				if r.Allocator == "heap" {
					require.GreaterOrEqual(t, *r.HeapBytesPerBatch, 16*(784+128+10)*4, "what the arrays need")
					require.GreaterOrEqual(t, *r.HeapAllocsPerBatch, 4)
					require.GreaterOrEqual(t, *r.HeapAllocsTotal, 4*r.Batches)
				} else if !testenv.Slow() {
					require.Zero(t, *r.HeapBytesPerBatch)
					require.Zero(t, *r.HeapAllocsPerBatch)
					require.Zero(t, *r.GCCycles)
					require.Less(t, *r.HeapAllocsTotal, 100, "in %d batches", r.Batches)
					require.Less(t, *r.HeapBytesTotal, 10_000, "in %d batches", r.Batches)
				}
			}
		})
	}
}

func TestOneAllocator(t *testing.T) {
	for _, name := range memoryNames() {
		t.Run(name, func(t *testing.T) {
			p := decode(t, succeed(t, t.Context(), "-json", "-allocator", name, "-duration", "5ms"))
			require.Len(t, p.Runs, 1)
			require.Equal(t, name, p.Runs[0].Allocator)
		})
	}
	text := succeed(t, t.Context(), "-allocator", "locked", "-duration", "5ms")
	require.NotContains(t, text, "× the images/s", "nothing to compare with")
}

// writeIDX writes a set as the test files of MNIST.
func writeIDX(t *testing.T, d idx.Data) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var images, labels bytes.Buffer
	require.NoError(t, idx.EncodeImages(&images, d))
	require.NoError(t, idx.EncodeLabels(&labels, d.Labels))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "t10k-images-idx3-ubyte"), images.Bytes(), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "t10k-labels-idx1-ubyte"), labels.Bytes(), 0o600))
	return dir
}

// drawn returns n drawn digits.
func drawn(n int) idx.Data {
	s := digits.Generate(n, 9)
	return idx.Data{Images: s.Images, Labels: s.Labels, Rows: digits.Size, Cols: digits.Size, N: n}
}

func TestDataSmallerThanABatch(t *testing.T) {
	d := drawn(7)
	d.Labels[0] = (d.Labels[0] + 1) % 10 // a mistake to count
	dir := writeIDX(t, d)
	p := decode(t, succeed(t, t.Context(), "-json", "-data", dir, "-batch", "20", "-duration", "5ms"))
	require.Equal(t, 7, p.Samples)
	require.InDelta(t, 6.0/7, p.Accuracy, 1e-9)
	require.Len(t, p.Runs, 3)
	text := succeed(t, t.Context(), "-data", dir, "-duration", "5ms")
	require.Contains(t, text, "Of 7 images in "+dir+", 6 are recognised: 85.71 %.\n")
	require.Contains(t, text, "(1 times)")
}

func TestMNIST(t *testing.T) {
	p := decode(t, succeed(t, t.Context(), "-json", "-data", testenv.Data(t, "mnist"), "-duration", "5ms", "-batch", "100"))
	require.Equal(t, 10000, p.Samples)
	require.GreaterOrEqual(t, p.Accuracy, 0.975)
}

func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := decode(t, succeed(t, ctx, "-json"))
	require.True(t, p.Interrupted)
	require.Zero(t, p.Samples)
	require.NotNil(t, p.Runs)
	require.Empty(t, p.Runs)
	require.Contains(t, succeed(t, ctx), "Interrupted: this is what was measured until then.\n")
}

// An alarm cancels a while after the first write.
type alarm struct {
	bytes.Buffer
	cancel context.CancelFunc
}

func (a *alarm) Write(p []byte) (int, error) {
	time.AfterFunc(300*time.Millisecond, a.cancel)
	return a.Buffer.Write(p)
}

// TestCancelledInTheMiddle cancels when the evaluation has been written and the first
// memory, the heap, is measured.
func TestCancelledInTheMiddle(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, begin := &alarm{cancel: cancel}, time.Now()
	var stderr bytes.Buffer
	require.Zero(t, run(ctx, []string{"-duration", "1m"}, stdout, &stderr), stderr.String())
	require.Less(t, time.Since(begin), 20*time.Second)
	text := stdout.String()
	require.Contains(t, text, "Of 1,000 embedded drawn digits, ")
	require.Contains(t, text, "\nheap: ")
	require.NotContains(t, text, "\nbumper: ")
	require.Contains(t, text, "Interrupted: this is what was measured until then.\n")
}

func TestHelp(t *testing.T) {
	require.Equal(t, usage, succeed(t, t.Context(), "-h"))
}

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// The tests are inside the package because a command exports nothing.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write writes sets of n drawn digits to a new folder, in the files of MNIST.
func write(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for set, seed := range map[idx.Set]uint64{idx.Train: 1, idx.Test: 2} {
		s := digits.Generate(n, seed)
		d := idx.Data{Images: s.Images, Labels: s.Labels, Rows: side, Cols: side, N: n}
		var images, labels bytes.Buffer
		require.NoError(t, idx.EncodeImages(&images, d))
		require.NoError(t, idx.EncodeLabels(&labels, d.Labels))
		require.NoError(t, os.WriteFile(filepath.Join(dir, set.String()+"-images-idx3-ubyte"), images.Bytes(), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, set.String()+"-labels-idx1-ubyte"), labels.Bytes(), 0o600))
	}
	return dir
}

func TestSameSeedSameBytes(t *testing.T) {
	data := write(t, 300)
	train := func(seed string) []byte {
		out := filepath.Join(t.TempDir(), "model.safetensors")
		var stdout, stderr bytes.Buffer
		require.Zero(t, run(t.Context(), []string{"-data", data, "-out", out, "-epochs", "1", "-batch", "32", "-seed", seed}, &stdout, &stderr), stderr.String())
		require.Empty(t, stderr.String(), "no bar on what is not a terminal")
		require.Contains(t, stdout.String(), "784-128-10 on 300 images, 1 epochs")
		file, err := os.ReadFile(out)
		require.NoError(t, err)
		return file
	}
	first := train("7")
	require.Equal(t, first, train("7"))
	require.NotEqual(t, first, train("8"))
	require.Contains(t, string(first), `go run ./examples/train -data DIR -out model.safetensors -epochs 1 -batch 32 -lr 0.002 -seed 7`)
	_, err := mlp.Load("model", first)
	require.NoError(t, err)
}

func TestTrainingLearns(t *testing.T) {
	set := digits.Generate(400, 1)
	data := idx.Data{Images: set.Images, Labels: set.Labels, Rows: side, Cols: side, N: 400}
	trainer, err := newTrainer(options{epochs: 12, batch: 32, lr: 0.003, seed: 1}, data)
	require.NoError(t, err)
	require.NoError(t, trainer.run(t.Context(), &bytes.Buffer{}))
	losses := trainer.losses
	require.Len(t, losses, 12)
	require.InDelta(t, 2.3, losses[0], 1, "the loss of guessing is ln 10")
	require.Less(t, losses[11], losses[0]/3)
	require.Greater(t, trainer.correct(t.Context(), data), 380)
	require.Equal(t, 12*13, trainer.steps)
	if !testenv.Slow() {
		require.Less(t, trainer.heap.Objects, uint64(100), "objects in all %d steps", trainer.steps)
	}
}

// TestGradient compares backward with differences of the loss.
func TestGradient(t *testing.T) {
	set := digits.Generate(4, 3)
	trainer, err := newTrainer(options{epochs: 1, batch: 4, lr: 0.1, seed: 2}, idx.Data{Images: set.Images, Labels: set.Labels, N: 4})
	require.NoError(t, err)
	ctx, index := t.Context(), []int{0, 1, 2, 3}
	x := trainer.net.hidden.weight.Similar(ctx, 4, mlp.Pixels)
	for i := range index {
		trainer.pen.draw(x.Index(0, i).Data(), set.Image(i), 0, i, 1)
	}
	grads, _ := trainer.net.backward(ctx, x, set.Labels, index)
	for p, param := range trainer.model.Parameters() {
		weights, grad := param.Value.Data(), grads[p].Data()
		for i := 5; i < len(weights); i += len(weights)/7 + 1 {
			const h = 1.0 / 128
			at, lossAt := weights[i], func(v float32) float64 {
				weights[i] = v
				_, loss := trainer.net.backward(ctx, x, set.Labels, index)
				return loss
			}
			slope := (lossAt(at+h) - lossAt(at-h)) / (2 * h)
			weights[i] = at
			require.InDelta(t, slope, grad[i], 2e-3, "%s[%d]", param.Name, i)
		}
	}
}

func TestErrors(t *testing.T) {
	data, none := write(t, 10), filepath.Join(t.TempDir(), "none")
	out := filepath.Join(t.TempDir(), "m.safetensors")
	for _, c := range []struct {
		name string
		args string
		code int
		want string
	}{
		{"no data", "-out " + out, 2, "train: -data is missing (train -h explains)\n"},
		{"no out", "-data " + data, 2, "train: -out is missing (train -h explains)\n"},
		{"argument", "-data a -out b c", 2, "train: unexpected argument \"c\" (train -h explains)\n"},
		{"epochs", "-data a -out b -epochs 0", 2, "train: -epochs 0 is not from 1 to 1000 (train -h explains)\n"},
		{"batch", "-data a -out b -batch 5000", 2, "train: -batch 5000 is not from 1 to 4096 (train -h explains)\n"},
		{"rate", "-data a -out b -lr NaN", 2, "train: -lr NaN is not above 0 and at most 1 (train -h explains)\n"},
		{"flag", "-wrong", 2, "train: flag provided but not defined: -wrong (train -h explains)\n"},
		{"value", "-seed -1", 2, "train: invalid value \"-1\" for flag -seed: parse error (train -h explains)\n"},
		{"out is a folder", "-data " + data + " -out " + data, 1, "train: " + data + ": not a regular file\n"},
		{"no folder for out", "-data " + data + " -out " + none + "/m", 1, "train: " + none + "/m: cannot be written: no such file or directory\n"},
		{"no folder of data", "-data " + none + " -out " + out, 1, "train: idx: " + none + ": none of train-images-idx3-ubyte"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.Equal(t, c.code, run(t.Context(), strings.Fields(c.args), &stdout, &stderr))
			require.Empty(t, stdout.String())
			require.True(t, strings.HasPrefix(stderr.String(), c.want), stderr.String())
			require.Equal(t, 1, strings.Count(stderr.String(), "\n"), "one line")
			require.NoFileExists(t, out)
		})
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"-h"}, &stdout, &stderr))
	require.Equal(t, usage, stdout.String())
	require.Empty(t, stderr.String())
}

// TestInterruptedWritesNothing interrupts the reading, and the training some time after
// it has begun.
func TestInterruptedWritesNothing(t *testing.T) {
	for after, want := range map[time.Duration]string{
		0:                      "^train: interrupted while reading .*\n$",
		500 * time.Millisecond: "^train: interrupted in epoch [0-9]+ of 1000; .* was not written\n$",
	} {
		interrupt(t, after, want)
	}
}

func interrupt(t *testing.T, after time.Duration, want string) {
	data := write(t, 1000)
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	out := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, os.WriteFile(out, []byte("before"), 0o600))
	var stdout, stderr bytes.Buffer
	require.Equal(t, 1, run(ctx, []string{"-data", data, "-out", out, "-epochs", "1000"}, &stdout, &stderr))
	require.Regexp(t, want, stderr.String())
	file, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "before", string(file))
	left, err := os.ReadDir(filepath.Dir(out))
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestWrongSizeIsAnError(t *testing.T) {
	out := filepath.Join(t.TempDir(), "m.safetensors")
	dir := write(t, 100)
	for _, set := range []string{"train", "t10k"} { // other sizes than the model's
		path := filepath.Join(dir, set+"-images-idx3-ubyte")
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		file[11], file[15] = 14, 56
		require.NoError(t, os.WriteFile(path, file, 0o600))
	}
	var stdout, stderr bytes.Buffer
	require.Equal(t, 1, run(t.Context(), []string{"-data", dir, "-out", out}, &stdout, &stderr))
	require.Equal(t, "train: "+dir+": train images are 14x56 pixels, the model takes 28x28\n", stderr.String())
}

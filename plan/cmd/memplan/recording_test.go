package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/plan"
	"github.com/allocarrays/allocarrays-go/plan/memmap"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
)

var pictures = flag.Bool("pictures", false, "write the pictures of docs/planning.md")

// recorded returns what a convolutional network did in a scope, each of its intermediates
// released after its last use.
func recorded(t *testing.T) replay.Recording {
	t.Helper()
	same := nn.Square(3).Padded(1)
	layers := []nn.Layer{
		nn.NewConv2D("conv1", 1, 8, same), nn.ReLU{}, nn.MaxPool2D{Window: nn.Square(2)},
		nn.NewConv2D("conv2", 8, 16, same), nn.ReLU{}, nn.MaxPool2D{Window: nn.Square(2)},
		nn.NewConv2D("conv3", 16, 32, same), nn.ReLU{}, nn.NewConv2D("conv4", 32, 16, same), nn.ReLU{},
	}
	buf := replay.New()
	ctx := replay.WithName(scope.WithAllocator(t.Context(), buf), "chain")
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		ctx = replay.WithName(ctx, "") // of scopes within
		x := allocarray.New[float32](ctx, 4, 28, 28, 1)
		x.Fill(1)
		for _, l := range layers {
			y := l.Forward(ctx, x)
			x.Release(ctx)
			x = y
		}
		return nil
	}))
	for _, s := range buf.Plans().Scopes() {
		if s.Name == "chain" {
			return s.Recordings[0]
		}
	}
	require.Fail(t, "nothing is recorded")
	return replay.Recording{}
}

// TestRecording: memplan reads what a program has recorded, and its plan is the one that
// was replayed.
func TestRecording(t *testing.T) {
	r := recorded(t)
	require.Less(t, r.Peak, r.Bump/2)
	require.Equal(t, r.Bound, r.Peak)
	name := filepath.Join(t.TempDir(), "chain.csv")
	var text bytes.Buffer
	require.NoError(t, r.WriteCSV(&text))
	require.NoError(t, os.WriteFile(name, text.Bytes(), 0o600))
	f, err := open(name, nil)
	require.NoError(t, err)
	require.Len(t, f.ids, r.Blocks)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-json", name}, nil, &out, io.Discard))
	got, err := plan.Pack(f.problem)
	require.NoError(t, err)
	assert.Equal(t, r.Offsets(), got.Offsets)
	assert.EqualValues(t, r.Peak, got.Peak)
	assert.Contains(t, out.String(), `"proved":true`)
	if *pictures {
		drawChain(t, r)
	}
}

// drawChain draws a recording as it would be if nothing was released, and as it is.
func drawChain(t *testing.T, r replay.Recording) {
	after := r.Problem()
	before := r.Problem()
	for i := range before.Blocks {
		before.Blocks[i].To = int64(len(before.Blocks))
	}
	for name, p := range map[string]plan.Problem{"before": before, "after": after} {
		pl, err := plan.Pack(p)
		if name == "before" {
			pl, err = plan.Online(p) // as bumping places them
		}
		require.NoError(t, err)
		f, err := os.Create(filepath.Join("../../../docs", "planning-"+name+".svg"))
		require.NoError(t, err)
		title := map[string]string{"before": "A chain without releases", "after": "The same chain, each block released after its last use"}[name]
		require.NoError(t, memmap.Write(f, p, pl, memmap.Options{Title: title}))
		require.NoError(t, f.Close())
	}
}

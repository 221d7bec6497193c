package onnx_test

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// readWave returns the samples of a file of 16 bits and one channel, between -1 and 1.
func readWave(t testing.TB, name string) []float32 {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	for at := 12; at+8 <= len(b); {
		n := int(binary.LittleEndian.Uint32(b[at+4:]))
		if string(b[at:at+4]) == "data" {
			b = b[at+8 : min(len(b), at+8+n)]
			break
		}
		at += 8 + n
	}
	s := make([]float32, len(b)/2)
	for i := range s {
		s[i] = float32(int16(binary.LittleEndian.Uint16(b[2*i:]))) / 32768
	}
	return s
}

// sileroChunk is how many samples a chunk has, after so many of the one before.
const (
	sileroChunk   = 512
	sileroContext = 64
)

// sileroProbabilities runs a model over samples of 16 kHz, chunk by chunk.
func sileroProbabilities(t testing.TB, p *onnx.Program, samples []float32, more ...onnx.Tensor) []float32 {
	t.Helper()
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var all []float32
	window, state := make([]float32, sileroContext+sileroChunk), make([]float32, 2*128)
	for ; len(samples) >= sileroChunk; samples = samples[sileroChunk:] {
		copy(window, window[sileroChunk:])
		copy(window[sileroContext:], samples)
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			in := append([]onnx.Tensor{onnx.From(window, 1, len(window)).Named("input"), onnx.From(state, 2, 1, 128).Named("state")}, more...)
			out, err := p.Run(ctx, in...)
			if err != nil {
				return err
			}
			all = append(all, onnx.Data[float32](out.Get("output"))[0])
			copy(state, onnx.Data[float32](out.Get("stateN")))
			return nil
		}))
	}
	return all
}

// sileroGolden returns what onnxruntime says about the recording, for a form of the network. The command models of
// the comparison writes the file.
func sileroGolden(t testing.TB, model string) (p []float32) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "silero.txt"))
	require.NoError(t, err)
	here := false
	for line := range strings.Lines(string(b)) {
		if name, _, head := strings.Cut(strings.TrimSpace(line), " by "); head {
			here = name == model
		} else if here {
			v, err := strconv.ParseFloat(name, 32)
			require.NoError(t, err)
			p = append(p, float32(v))
		}
	}
	return p
}

// speech returns the chunks where speech begins or ends.
func speech(p []float32) (changes []int) {
	speaks := false
	for i, v := range p {
		if speaks && v < 0.35 || !speaks && v >= 0.5 {
			changes, speaks = append(changes, i), !speaks
		}
	}
	return changes
}

// TestSilero finds the same speech as onnxruntime, whether the rate is an input or bound.
func TestSilero(t *testing.T) {
	samples := readWave(t, filepath.Join(data(t), "models", "silero-test.wav"))
	rate := onnx.From([]int64{16000}).Named("sr")
	for _, model := range []string{"silero_vad_v6.onnx", "silero_vad_v6_ifless.onnx"} {
		t.Run(model, func(t *testing.T) {
			want := sileroGolden(t, model)
			require.Len(t, want, 1875)
			bound := sileroProbabilities(t, compile(t, "models/"+model, onnx.Bind(rate)), samples)
			assert.InDeltaSlice(t, want, bound, 1e-5)
			assert.Equal(t, speech(want), speech(bound))
			assert.Greater(t, len(speech(want)), 30)
			if !testing.Short() {
				assert.InDeltaSlice(t, want, sileroProbabilities(t, compile(t, "models/"+model), samples, rate), 1e-5)
			}
		})
	}
}

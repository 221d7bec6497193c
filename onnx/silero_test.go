package onnx_test

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
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

func TestSileroIfless(t *testing.T) {
	samples := readWave(t, filepath.Join(data(t), "models", "silero-test.wav"))
	rate := onnx.From([]int64{16000}).Named("sr")
	asInput := sileroProbabilities(t, compile(t, "models/silero_vad_v6_ifless.onnx"), samples, rate)
	bound := sileroProbabilities(t, compile(t, "models/silero_vad_v6_ifless.onnx", onnx.Bind(rate)), samples)
	assert.Equal(t, bound, asInput)
	speech := 0
	for _, p := range bound {
		if p > 0.5 {
			speech++
		}
	}
	assert.Len(t, bound, 1875)
	assert.Equal(t, 1452, speech)
}

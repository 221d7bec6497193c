package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

func TestBench(t *testing.T) {
	dir := filepath.Join(testenv.Data(t, "onnx"), "models")
	for name, want := range map[string]struct {
		shapes shapes
		bound  integers
		excess float64 // of the live bytes
	}{
		"gtcrn_simple.onnx":  {shapes{}, integers{}, 1.2},
		"silero_vad_v6.onnx": {shapes{"input": {1, 576}, "state": {2, 1, 128}}, integers{"sr": 16000}, 1.25},
		"ppocr_v4_det.onnx":  {shapes{"x": {1, 3, 320, 320}}, integers{}, 1.1},
	} {
		m, err := measure(filepath.Join(dir, name), "", want.shapes, want.bound, 0)
		require.NoError(t, err)
		require.Equal(t, name, m.Model)
		require.Positive(t, m.Time)
		require.Less(t, m.HeapAllocs, 0.5, name) // the runtime itself may allocate meanwhile
		require.Positive(t, m.ScopeBytes)
		require.Less(t, float64(m.ScopeBytes), want.excess*float64(m.LiveBytes)+float64(256<<10), name)
		var b bytes.Buffer
		require.NoError(t, m.write(&b, true))
		var fields map[string]any
		require.NoError(t, json.Unmarshal(b.Bytes(), &fields))
		require.Len(t, fields, 5)
		for _, key := range []string{"model", "us", "heap_allocs_per_run", "scope_bytes", "live_bytes"} {
			require.Contains(t, fields, key)
		}
	}
	_, err := measure(filepath.Join(dir, "gtcrn_simple.onnx"), "", shapes{}, integers{"nothere": 1}, 0)
	require.ErrorContains(t, err, `no input "nothere"`)
	require.ErrorContains(t, bench([]string{"a", "b"}), "2 arguments")
	require.ErrorContains(t, bench([]string{"-threads", "0", "a"}), "0 threads")
	require.Error(t, bench([]string{"-bind", "sr", "a"}))
}

package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// TestBench: the line that bench prints, and what is in it.
func TestBench(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	dir := filepath.Join(testenv.Data(t, "onnx"), "models")
	for name, c := range map[string]struct {
		args   []string
		excess float64 // of the live bytes
	}{
		"gtcrn_simple.onnx":  {nil, 1.2},
		"silero_vad_v6.onnx": {[]string{"-shape", "input=1,576", "-shape", "state=2,1,128", "-bind", "sr=16000"}, 1.25},
		"ppocr_v4_det.onnx":  {[]string{"-shape", "x=1,3,320,320"}, 1.1},
	} {
		status, stdout, problems := onnx(t, append(append([]string{"bench", "-json", "-for", "0s"}, c.args...), filepath.Join(dir, name))...)
		require.Zero(t, status, problems)
		require.Empty(t, problems)
		require.Regexp(t, `^\{"model":"`+name+`","us":[0-9.e+]+,"heap_allocs_per_run":[0-9.]+,"scope_bytes":[0-9]+,"live_bytes":[0-9]+\}\n$`, stdout)
		var m measurement
		require.NoError(t, json.Unmarshal([]byte(stdout), &m))
		require.Positive(t, m.Time)
		require.Less(t, m.HeapAllocs, 0.5, name) // the runtime itself may allocate meanwhile
		require.Positive(t, m.ScopeBytes)
		require.Less(t, float64(m.ScopeBytes), c.excess*float64(m.LiveBytes)+float64(256<<10), name)
	}
}

func TestBenchErrors(t *testing.T) {
	model := put(t, t.TempDir(), "m.onnx", sum())
	for want, args := range map[string][]string{
		"2 arguments": {"a", "b"}, "-threads 0": {"-threads", "0", model}, "-for -1s": {"-for", "-1s", model}, "NAME=16000": {"-bind", "sr", model},
	} {
		status, stdout, problems := onnx(t, append([]string{"bench"}, args...)...)
		require.Equal(t, 2, status)
		require.Empty(t, stdout)
		require.Contains(t, problems, want)
	}
	status, stdout, problems := onnx(t, "bench", "-for", "0s", "-shape", "a=1000", "-shape", "b=1000", model)
	require.Zero(t, status, problems)
	require.Regexp(t, `^m.onnx: [0-9.]+ µs, [0-9.]+ heap allocations, [0-9]+ bytes in the scope, 0 live in the file's order\n$`, stdout)
	status, _, problems = onnx(t, "bench", "-shape", "a=2", "-shape", "b=3", model)
	require.Equal(t, 1, status)
	require.Contains(t, problems, `input "b" is float[3], where "n" is 2`)
}

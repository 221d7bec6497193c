//go:build cgo

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/allocarrays/allocarrays-go/bench/internal/networks"
	"github.com/allocarrays/allocarrays-go/bench/internal/ort"
	"github.com/allocarrays/allocarrays-go/onnx"
)

// writeGolden writes what the tests of package onnx want: the probabilities that there is speech in the chunks
// of the recording, by onnxruntime, for both forms of the network.
func writeGolden(dir, name string) error {
	samples, err := networks.Wave(filepath.Join(dir, "models", "silero-test.wav"))
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, network := range []string{"silero", "silero-ifless"} {
		n, err := networks.Find(network)
		if err != nil {
			return err
		}
		file, err := n.Read(dir)
		if err != nil {
			return err
		}
		window, state := make([]float32, 576), make([]float32, 256)
		inputs := []onnx.Tensor{onnx.From(window, 1, 576).Named("input"), onnx.From(state, 2, 1, 128).Named("state"), onnx.From([]int64{16000}).Named("sr")}
		s, err := ort.New(file, 1, inputs, []string{"output", "stateN"})
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s by %s\n", filepath.Base(n.File), ort.Version())
		for rest := samples; len(rest) >= 512; rest = rest[512:] {
			copy(window, window[512:])
			copy(window[64:], rest[:512])
			s.SetInput(0, window)
			s.SetInput(1, state)
			if err := s.Run(); err != nil {
				return err
			}
			fmt.Fprintf(&text, "%.5f\n", onnx.Data[float32](s.Output(0))[0])
			copy(state, onnx.Data[float32](s.Output(1)))
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
	return os.WriteFile(name, []byte(text.String()), 0o644)
}

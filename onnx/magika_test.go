package onnx_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

type magikaConfig struct {
	Begin   int      `json:"beg_size"`
	End     int      `json:"end_size"`
	Least   int      `json:"min_file_size_for_dl"`
	Padding int32    `json:"padding_token"`
	Block   int      `json:"block_size"`
	Labels  []string `json:"target_labels_space"`
}

// features are the bytes at the beginning and at the end of a file, without white space around them.
func (c magikaConfig) features(content []byte) []int32 {
	const space = " \t\n\r\v\f"
	f := make([]int32, c.Begin+c.End)
	for i := range f {
		f[i] = c.Padding
	}
	begin := bytes.TrimLeft(content[:min(c.Block, len(content))], space)
	for i, v := range begin[:min(c.Begin, len(begin))] {
		f[i] = int32(v)
	}
	end := bytes.TrimRight(content[max(0, len(content)-c.Block):], space)
	end = end[max(0, len(end)-c.End):]
	for i, v := range end {
		f[len(f)-len(end)+i] = int32(v)
	}
	return f
}

// TestMagika tells the types of its golden examples.
func TestMagika(t *testing.T) {
	dir := filepath.Join(data(t), "models")
	b, err := os.ReadFile(filepath.Join(dir, "magika_v3_3-config.json"))
	require.NoError(t, err)
	var config magikaConfig
	require.NoError(t, json.Unmarshal(b, &config))
	file, err := os.Open(filepath.Join(dir, "magika_v3_3-examples.json.gz"))
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	var examples []struct {
		Content    []byte `json:"content_base64"`
		Prediction struct {
			Label string  `json:"dl"`
			Score float64 `json:"score"`
		} `json:"prediction"`
	}
	require.NoError(t, json.NewDecoder(unzipped).Decode(&examples))
	p := compile(t, "models/magika_v3_3.onnx")
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	tried := 0
	for i, e := range examples {
		f := config.features(e.Content)
		if e.Prediction.Label == "undefined" || len(e.Content) < config.Least || testing.Short() && i%10 != 0 {
			continue
		}
		tried++
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			out, err := p.Run(ctx, onnx.From(f, 1, len(f)))
			if err != nil {
				return err
			}
			best, scores := 0, onnx.Data[float32](out.At(0))
			for j, s := range scores {
				if s > scores[best] {
					best = j
				}
			}
			assert.Equal(t, e.Prediction.Label, config.Labels[best], "example %d", i)
			assert.InDelta(t, e.Prediction.Score, scores[best], 1e-4, "example %d", i)
			return nil
		}))
	}
	if !testing.Short() {
		assert.Greater(t, tried, 100)
	}
}

// TestMagikaBatches plans one program for several signatures: each plan leaves the graph as it was.
func TestMagikaBatches(t *testing.T) {
	p := compile(t, "models/magika_v3_3.onnx")
	ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	var alone []float32
	for n := range 3 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			in := make([]int32, (n+1)*2048)
			for i := range in {
				in[i] = int32(i % 2048 % 257)
			}
			out, err := p.Run(ctx, onnx.From(in, n+1, 2048))
			if err != nil {
				return err
			}
			have := onnx.Data[float32](out.At(0))
			if n == 0 {
				alone = append(alone, have...)
			}
			for len(have) > 0 {
				assert.InDeltaSlice(t, alone, have[:len(alone)], 1e-5)
				have = have[len(alone):]
			}
			return nil
		}))
	}
}

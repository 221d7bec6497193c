package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
)

func TestEmbeddedModel(t *testing.T) {
	require.LessOrEqual(t, len(embeddedModel), 500<<10)
	for _, part := range []string{`"command":"go run ./examples/train -data DIR -out model.safetensors `, `"images":"60000"`, `"accuracy":"0.99`} {
		require.Contains(t, string(embeddedModel[:1000]), part)
	}
}

// TestEmbeddedDigits tells when go generate has to be run again. Other processors may
// draw a pixel one level lighter or darker.
func TestEmbeddedDigits(t *testing.T) {
	got, err := options{}.loadSamples(t.Context())
	require.NoError(t, err)
	want := digits.Generate(1000, 1)
	require.Equal(t, want.Labels, got.labels)
	require.Len(t, got.pixels, len(want.Images))
	for i, v := range want.Images {
		if d := int(v) - int(got.pixels[i]); d < -1 || d > 1 {
			require.Fail(t, "another drawing", "image %d, pixel %d: %d, embedded is %d", i/784, i%784, v, got.pixels[i])
		}
	}
}

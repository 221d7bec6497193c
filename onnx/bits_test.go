package onnx_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/onnx"
)

// TestBitsOfTheProcessor: a processor of 32 bits is an error, not another result.
func TestBitsOfTheProcessor(t *testing.T) {
	if math.MaxInt == math.MaxInt64 {
		t.Skip("a processor of 64 bits")
	}
	_, err := onnx.Load(bytes.NewReader(nil))
	require.ErrorContains(t, err, "64 bits")
}

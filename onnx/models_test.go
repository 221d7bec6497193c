package onnx_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/onnx"
)

// TestModelsCompile loads all real models and looks at their inputs.
func TestModelsCompile(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(data(t), "models", "*.onnx"))
	require.NoError(t, err)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			m, err := onnx.LoadFile(file)
			require.NoError(t, err)
			assert.NotEmpty(t, m.Inputs())
			assert.NotEmpty(t, m.Outputs())
			if _, err = m.Compile(); err != nil {
				unsupported, ok := errors.AsType[*onnx.UnsupportedError](err)
				require.True(t, ok, "%v", err)
				t.Skip(unsupported)
			}
		})
	}
}

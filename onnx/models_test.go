package onnx_test

import (
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
			t.Log(m.Inputs(), m.Outputs())
			_, err = m.Compile()
			assert.NoError(t, err)
		})
	}
}

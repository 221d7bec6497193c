package onnx_test

import (
	"os"
	"path/filepath"
	"testing"
)

// data returns the folder of models and tests, which is not part of the repository, and skips the test if it
// is not there.
func data(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("ALLOCARRAYS_ONNX"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if found := filepath.Join(dir, "shared", "data", "onnx"); exists(found) {
			return found
		}
	}
	t.Skip("no folder shared/data/onnx above this one, and ALLOCARRAYS_ONNX is not set")
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

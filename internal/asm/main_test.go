package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestReproducible: the generator writes the committed files byte for byte.
func TestReproducible(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"gemm/peak", "kernel"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(t, "../gemm/tile.go", filepath.Join(dir, "gemm", "tile.go"))
	copyFile(t, "../kernel/call.go", filepath.Join(dir, "kernel", "call.go"))
	if out, err := exec.Command("go", "run", ".", "-dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files := 0
	for _, pattern := range []string{"gemm/avx*_amd64.*", "gemm/peak/*_amd64.*", "kernel/assembly_amd64.*", "kernel/avx*_amd64.*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files += len(names)
		for _, name := range names {
			rel, _ := filepath.Rel(dir, name)
			if read(t, name) != read(t, filepath.Join("..", rel)) {
				t.Errorf("%s is not what the generator writes: run go generate ./internal/...", rel)
			}
		}
	}
	if files != 18 {
		t.Errorf("%d files were written, want 18", files)
	}
}

func copyFile(t *testing.T, from, to string) {
	if err := os.WriteFile(to, []byte(read(t, from)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

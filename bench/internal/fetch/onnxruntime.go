// Package fetch has what is not a Go module: the shared library of onnxruntime, which
// the npm package onnxruntime-node carries.
package fetch

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

const onnxruntimeVersion = "1.20.1"

// Onnxruntime returns the path of the shared library below the cache folder, or an
// error that says how to get it.
func Onnxruntime(cache string) (string, error) {
	folder, ok := map[string]string{"linux/amd64": "linux/x64", "linux/arm64": "linux/arm64", "darwin/amd64": "darwin/x64", "darwin/arm64": "darwin/arm64"}[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return "", fmt.Errorf("onnxruntime-node has no library for %s/%s that is known here", runtime.GOOS, runtime.GOARCH)
	}
	name := "libonnxruntime.so." + onnxruntimeVersion
	if runtime.GOOS == "darwin" {
		name = "libonnxruntime." + onnxruntimeVersion + ".dylib"
	}
	path := filepath.Join(cache, "onnxruntime", "node_modules", "onnxruntime-node", "bin", "napi-v3", filepath.FromSlash(folder), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the shared library was not fetched; run go run ./cmd/fetchpeers, or compare with -fetch")
	}
	return path, nil
}

// Install installs the npm package into the cache folder, without running its
// scripts. It needs npm and a network.
func Install(ctx context.Context, cache string) error {
	dir := filepath.Join(cache, "onnxruntime")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	cmd := exec.CommandContext(ctx, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", ".", "onnxruntime-node@"+onnxruntimeVersion)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fetch: npm: %w: %.500s", err, out)
	}
	_, err := Onnxruntime(cache)
	return err
}

package onnx_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func page(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "docs", "onnx.md"))
	require.NoError(t, err)
	return string(b)
}

func goCommand(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "go %v: %s", args, out)
	return string(out)
}

// TestPageCompiles: the program of docs/onnx.md is one, and go vet finds nothing in it.
func TestPageCompiles(t *testing.T) {
	if testing.Short() {
		t.Skip("calls the go command")
	}
	blocks := strings.Split(page(t), "```go\n")[1:]
	require.NotEmpty(t, blocks)
	program := `package page

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

`
	for _, b := range blocks {
		code, _, ok := strings.Cut(b, "```")
		require.True(t, ok)
		program += code
	}
	program += "\nvar _ = load\nvar _ = handler\n"
	name := filepath.Join(t.TempDir(), "page.go")
	require.NoError(t, os.WriteFile(name, []byte(program), 0o600))
	goCommand(t, "vet", name)
}

// TestPageCommands: the commands of docs/onnx.md are there, with their flags.
func TestPageCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("calls the go command")
	}
	binary := filepath.Join(t.TempDir(), "onnx.exe")
	goCommand(t, "build", "-o", binary, "./cmd/onnx")
	n := 0
	for _, m := range regexp.MustCompile(`(?m)(?:^ {4,}|`+"`"+`)go run (\./cmd/\S+?|\.)(?: ([^\n`+"`"+`]*))?(?:$|`+"`"+`)`).FindAllStringSubmatch(page(t), -1) {
		n++
		folder, words := m[1], strings.Fields(m[2])
		if folder != "." {
			require.DirExists(t, filepath.Join("..", "bench", folder), m[0])
			continue
		}
		if len(words) == 0 {
			require.DirExists(t, filepath.Join("..", "bench", "rivals"))
			continue
		}
		help, err := exec.Command(binary, words[0], "-h").CombinedOutput()
		require.NoError(t, err, "%s: %s", m[0], help)
		for _, w := range words[1:] {
			if strings.HasPrefix(w, "-") {
				require.Regexp(t, `(?m)^  `+w+`( |$)`, string(help), m[0])
			}
		}
	}
	require.GreaterOrEqual(t, n, 8)
}

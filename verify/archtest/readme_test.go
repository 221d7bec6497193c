package archtest_test

import (
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadmeProgram: the first program of the README compiles when it is pasted, go vet
// finds nothing in it, and it prints what the tested Example_readme of package
// allocarray prints.
func TestReadmeProgram(t *testing.T) {
	_, rest, ok := strings.Cut(read(t, "README.md"), "```go\n")
	require.True(t, ok, "the README has no program")
	program, _, ok := strings.Cut(rest, "```")
	require.True(t, ok)
	formatted, err := format.Source([]byte(program))
	require.NoError(t, err)
	require.Equal(t, string(formatted), program)
	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(program), 0o600))

	binary := filepath.Join(t.TempDir(), "readme.exe")
	goCommand(t, "vet", file)
	goCommand(t, "build", "-o", binary, file)
	out, err := exec.Command(binary).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, exampleOutput(t, "allocarray/readme_test.go", "_readme"), strings.TrimSpace(string(out)))
}

// goCommand runs the go command at the root: a file of another folder that is named
// there imports as one of the root module.
func goCommand(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOFLAGS=-mod=readonly", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "go %v: %s", args, out)
}

// exampleOutput returns what an Example of a file promises to print.
func exampleOutput(t *testing.T, path, name string) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, read(t, path), parser.ParseComments)
	require.NoError(t, err)
	for _, e := range doc.Examples(file) {
		if e.Name == name {
			return strings.TrimSpace(e.Output)
		}
	}
	t.Fatalf("%s has no Example%s", path, name)
	return ""
}

// Command prove runs Arrow's own tests on the allocator of package arrowscope.
//
//	go run ./prove                                  # all packages, all modes
//	go run ./prove -packages arrow/memory,arrow/math # these packages
//
// It copies Arrow's module out of the module cache, puts arrowscope in the place of
// memory.GoAllocator, and so of memory.DefaultAllocator, which is one, and runs each test in a
// scope of its own on one shared buffer. In the modes
//
//   - stock: Arrow's allocator,
//   - scope: arrowscope, whose memory holds what earlier tests have left,
//   - dirty: arrowscope on blocks that were filled with 0xA5,
//   - control: the same, and arrowscope does not zero.
//
// The first three must pass the same tests, by name, and the last must fail some: else the test
// would not notice memory that is not zeroed. Skipped tests are the same too.
package main

import (
	"bytes"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

var (
	//go:embed patch/go_allocator.txt
	goAllocator []byte
	//go:embed patch/prove.txt
	proveFile []byte
	//go:embed patch/main_test.txt
	mainTest string
)

const arrow = "github.com/apache/arrow-go/v18"

const all = "arrow/memory,arrow/array,arrow/scalar,arrow/compute,arrow/compute/exec,arrow/math,arrow/tensor,arrow/ipc"

func main() {
	packages := flag.String("packages", all, "packages of Arrow's module, separated by commas")
	dir := flag.String("dir", "", "where to copy the module; a directory that is removed afterwards if empty")
	flag.Parse()
	if err := prove(strings.Split(*packages, ","), *dir); err != nil {
		fmt.Fprintln(os.Stderr, "prove:", err)
		os.Exit(1)
	}
}

func prove(packages []string, dir string) error {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "prove-arrow")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	}
	if err := copyModule(dir); err != nil {
		return err
	}
	total := map[string]*outcome{}
	for _, mode := range modes {
		total[mode] = newOutcome()
	}
	for _, p := range packages {
		binary, err := build(dir, p)
		if err != nil {
			return err
		}
		for _, mode := range modes {
			o, err := run(binary, filepath.Join(dir, p), mode)
			if err != nil {
				return fmt.Errorf("%s, mode %s: %w", p, mode, err)
			}
			fmt.Printf("%-20s %-8s %v\n", p, mode, o)
			total[mode].add(p, o)
		}
	}
	for _, mode := range modes {
		fmt.Printf("%-20s %-8s %v\n", "all", mode, total[mode])
	}
	return judge(total)
}

var modes = []string{"stock", "scope", "dirty", "control"}

// judge compares the outcomes of all packages.
func judge(total map[string]*outcome) error {
	stock := total["stock"]
	if len(stock.passed) == 0 {
		return errors.New("stock passes nothing")
	}
	for _, mode := range []string{"scope", "dirty"} {
		o := total[mode]
		if !maps.Equal(o.passed, stock.passed) || !maps.Equal(o.failed, stock.failed) {
			return fmt.Errorf("mode %s: other tests pass or fail than with Arrow's allocator: %s", mode, difference(o, stock))
		}
		if o.served.Blocks == 0 || o.served.Heap > 0 {
			return fmt.Errorf("mode %s did not serve from the scope: %+v", mode, o.served)
		}
	}
	if len(total["control"].failed) <= len(stock.failed) {
		return errors.New("without zeroing nothing fails: these tests prove nothing about it")
	}
	return nil
}

// difference names some tests that pass in one of the two only.
func difference(a, b *outcome) string {
	var names []string
	for name := range b.passed {
		if !a.passed[name] {
			names = append(names, name)
		}
	}
	for name := range a.failed {
		if !b.failed[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return strings.Join(names[:min(len(names), 20)], " ")
}

// copyModule copies Arrow's module to dir and patches it.
func copyModule(dir string) error {
	source, err := output("", "go", "list", "-m", "-f", "{{.Dir}}", arrow)
	if err != nil {
		return err
	}
	ours, err := output("", "go", "list", "-m", "-f", "{{.Dir}}", "github.com/allocarrays/allocarrays-go")
	if err != nil {
		return err
	}
	here, err := output("", "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return err
	}
	if err := copyTree(dir, source); err != nil {
		return err
	}
	allocator, err := unzeroable(filepath.Join(here, "allocator.go"))
	if err != nil {
		return err
	}
	memory := filepath.Join(dir, "arrow", "memory")
	return errors.Join(
		write(filepath.Join(dir, "internal", "arrowscope", "allocator.go"), allocator),
		write(filepath.Join(memory, "go_allocator.go"), goAllocator),
		write(filepath.Join(memory, "prove.go"), proveFile),
		appendFile(filepath.Join(dir, "go.sum"), filepath.Join(here, "go.sum")),
		command(dir, "go", "mod", "edit",
			"-require=github.com/allocarrays/allocarrays-go@v0.0.0-00010101000000-000000000000",
			"-replace=github.com/allocarrays/allocarrays-go="+ours).Run(),
	)
}

// unzeroable returns the file with each clear made to depend on a variable.
func unzeroable(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if n := bytes.Count(text, []byte("clear(")); err == nil && n != 2 {
		err = fmt.Errorf("%s clears in %d places, not in the 2 that are known", file, n)
	}
	text = bytes.ReplaceAll(text, []byte("\tclear("), []byte("\tclearIfZeroing("))
	text = append(text, "\n// Zeroing is what prove switches off.\nvar Zeroing = true\n\n"+
		"func clearIfZeroing(b []byte) {\n\tif Zeroing {\n\t\tclear(b)\n\t}\n}\n"...)
	return text, err
}

// build builds the tests of a package, with a TestMain that runs each in a scope.
func build(dir, p string) (binary string, err error) {
	name, err := output(dir, "go", "list", "-mod=mod", "-f", "{{.Name}}", "./"+p)
	if err != nil {
		return "", err
	}
	text := strings.ReplaceAll(mainTest, "PACKAGE", name)
	if err := write(filepath.Join(dir, p, "zz_prove_test.go"), []byte(text)); err != nil {
		return "", err
	}
	binary = filepath.Join(dir, strings.ReplaceAll(p, "/", "-")+".test")
	// vet of Go 1.26 rejects some of Arrow's tests
	_, err = output(dir, "go", "test", "-c", "-mod=mod", "-vet=off", "-o", binary, "./"+p)
	return binary, err
}

func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return write(filepath.Join(to, strings.TrimPrefix(path, from)), text)
	})
}

func write(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

func appendFile(to, from string) error {
	text, err := os.ReadFile(to)
	if err != nil {
		return err
	}
	more, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return write(to, append(text, more...))
}

func command(dir, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	return c
}

func output(dir, name string, args ...string) (string, error) {
	var stderr strings.Builder
	c := command(dir, name, args...)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out)), err
}

package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
)

// importsOf returns, sorted, the imports of the Go files of a folder, tests excluded.
func importsOf(source fs.FS) ([]string, error) {
	files, err := fs.Glob(source, "*.go")
	if err != nil {
		return nil, err
	}
	var all []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(source, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, err
			}
			all = append(all, path)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// writeImports lists the imports of the code that all runs share, read from its embedded
// source.
func writeImports(w io.Writer) error {
	imports, err := importsOf(mlp.Source)
	if err != nil {
		return err
	}
	const module = "github.com/allocarrays/allocarrays-go/"
	verdict := "no bumper, no locked"
	for i, path := range imports {
		if short, own := strings.CutPrefix(path, module); own {
			imports[i] = "…/" + short
			if short == "bumper" || short == "locked" {
				verdict = "and so knows " + short
			}
		}
	}
	slices.Sort(imports) // again: the module's own are last now
	_, err = fmt.Fprintf(w, "All runs share one model and one function, mlp.Classify. Its package imports\n%s: %s.\n\n",
		strings.Join(imports, ", "), verdict)
	return err
}

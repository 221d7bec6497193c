// Command gen draws a set of digits and writes it to a folder, for a program
// to embed.
//
//	go run ./examples/internal/digits/gen -dir examples/inference -n 1000 -seed 1
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
)

func main() {
	dir := flag.String("dir", ".", "folder to write "+digits.FileName+" to")
	n := flag.Int("n", 1000, "number of drawings")
	seed := flag.Uint64("seed", 1, "seed of the drawings")
	flag.Parse()
	if err := run(*dir, *n, *seed, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes the set. It is encoded in memory first: an error leaves whatever
// was in the folder as it was.
func run(dir string, n int, seed uint64, rest []string) error {
	if n <= 0 || len(rest) > 0 {
		return fmt.Errorf("want -n of at least 1 and no arguments, got -n %d and %q", n, rest)
	}
	var file bytes.Buffer
	if err := digits.Encode(&file, digits.Generate(n, seed)); err != nil {
		return err
	}
	path := filepath.Join(dir, digits.FileName)
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d drawings, %d bytes\n", path, n, file.Len())
	return nil
}

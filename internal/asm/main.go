// Command asm generates the assembly of packages gemm, of its subpackage peak, and of
// package kernel. It is a module of its own, so that users of the library never see the
// generator among their dependencies. Run it from the root of the project with
//
//	go generate ./internal/...
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// attrNoSplit: the functions use three words of stack and call nothing.
const attrNoSplit = attr.NOSPLIT

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "..", "folder of the packages")
	flag.Parse()
	sig, err := argumentSignature(filepath.Join(*dir, "gemm", "tile.go"), "tile")
	if err != nil {
		log.Fatal(err)
	}
	for _, i := range []*isa{avx2, avx512} {
		c := build.NewContext()
		for _, e := range elements {
			for _, s := range i.shapes {
				emit(c, i, e, s, sig)
			}
		}
		for _, s := range i.shapes {
			if s.ofBytes() {
				emit(c, i, bytes8[i], s, sig)
			}
		}
		write(c, "gemm", filepath.Join(*dir, "gemm", i.name+"_amd64"))
		writeDispatch(i, filepath.Join(*dir, "gemm", i.name+"_run_amd64.go"))
	}
	c := build.NewContext()
	emitPeak(c)
	write(c, "peak", filepath.Join(*dir, "gemm", "peak", "peak_amd64"))
	c = build.NewContext()
	emitSmall(c)
	write(c, "gemm", filepath.Join(*dir, "gemm", "avx2_small_amd64"))
	c = build.NewContext()
	emitMinMax(c)
	emitIntegers(c)
	write(c, "kernel", filepath.Join(*dir, "kernel", "assembly_amd64"))
	if sig, err = argumentSignature(filepath.Join(*dir, "kernel", "call.go"), "call"); err != nil {
		log.Fatal(err)
	}
	for _, i := range []*isa{avx2, avx512} {
		c := build.NewContext()
		for _, s := range strips {
			emitStrip(c, i, s, sig)
		}
		write(c, "kernel", filepath.Join(*dir, "kernel", i.name+"_call_amd64"))
		writeCalls(i, filepath.Join(*dir, "kernel", i.name+"_run_amd64.go"))
	}
}

// write prints a finished file as base.s and its Go declarations as base.go.
func write(c *build.Context, pkg, base string) {
	f, err := c.Result()
	if err != nil {
		build.LogError(log.Default(), err, 10)
		os.Exit(1)
	}
	if err := pass.Compile.Execute(f); err != nil {
		log.Fatal(err)
	}
	cfg := printer.Config{Name: "avo", Argv: []string{"go", "generate", "./internal/..."}, Pkg: pkg}
	for ext, p := range map[string]printer.Printer{".s": printer.NewGoAsm(cfg), ".go": printer.NewStubs(cfg)} {
		text, err := p.Print(f)
		if err != nil {
			log.Fatal(err)
		}
		save(base+ext, text)
	}
}

// save writes one generated file.
func save(name string, text []byte) {
	if err := os.WriteFile(name, text, 0o644); err != nil {
		log.Fatal(err)
	}
}

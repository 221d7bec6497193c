//go:build cgo

// Command models compares real models in onnxruntime and in package onnx: what they compute, node by node,
// and how fast. `go run ./cmd/fetchpeers` gets onnxruntime.
//
//	models [-run NAME]           outputs and all intermediates on real data
//	models -speed [-run NAME]    times of one thread, in turn
//	models -cores 2 [-run NAME]  times of one core and of two
//	models -truth [-run NAME]    how far both are from the same network computed in double
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"

	"github.com/allocarrays/allocarrays-go/bench/internal/networks"
	"github.com/allocarrays/allocarrays-go/bench/internal/ort"
)

func main() {
	pattern := flag.String("run", "", "only networks whose name matches")
	fast := flag.Bool("speed", false, "compare times")
	double := flag.Bool("truth", false, "compare both with the network in double")
	rounds := flag.Int("rounds", 25, "how many times each is measured")
	golden := flag.String("golden", "", "write the probabilities of speech that onnxruntime finds to this file")
	cores := flag.Int("cores", 1, "compare times on one core and on so many")
	flag.Parse()
	runtime.GOMAXPROCS(*cores)
	how := func(dir string, n networks.Network) error {
		switch {
		case *cores > 1:
			return onCores(dir, n, *rounds, *cores)
		case *fast:
			return speed(dir, n, *rounds)
		case *double:
			return truth(dir, n)
		}
		return nodes(dir, n)
	}
	head := func() {}
	switch {
	case *cores > 1:
		head = func() { coresHeader(*cores) }
	case *fast:
		head = header
	}
	if err := compare(*pattern, *golden, head, how); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func compare(pattern, golden string, head func(), how func(dir string, n networks.Network) error) error {
	match, err := regexp.Compile("^(?:" + pattern + ")")
	if err != nil {
		return err
	}
	dir, err := networks.Folder()
	if err != nil {
		return err
	}
	if err := ort.Open(); err != nil {
		return err
	}
	if golden != "" {
		return writeGolden(dir, golden)
	}
	fmt.Println(ort.Version())
	head()
	bad := 0
	for _, n := range networks.All() {
		if !match.MatchString(n.Name) {
			continue
		}
		if err := how(dir, n); err != nil {
			fmt.Printf("%-14s %v\n", n.Name, err)
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d networks differ", bad)
	}
	return nil
}

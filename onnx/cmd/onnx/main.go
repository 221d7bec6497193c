// Command onnx looks at models and runs them.
//
//	onnx bench [-json] [-shape NAME=1,3,320,320]… [-bind NAME=16000]… MODEL    measure runs: time, allocations, memory
//	onnx info [-shape NAME=1,3,320,320]… [-nodes] MODEL       say what is in a model and what a run of it takes
//	onnx map [-shape NAME=1,3,320,320]… [-o FILE] MODEL       draw the memory of a run, as SVG
//	onnx run [-in FILE] [-out FILE] MODEL                     run a model on tensors in safetensors files
//	onnx verify [-json] [-run PATTERN] DIR                    run the backend tests below a folder
//	onnx verify -scoreboard FILE DIR                          write a page about the operators
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

var commands = map[string]func(args []string) error{"bench": bench, "info": info, "map": drawMap, "run": run, "verify": verify}

// errFailed means that everything is said already.
var errFailed = errors.New("failed")

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		usage()
		os.Exit(2)
	}
	err := commands[os.Args[1]](os.Args[2:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		if !errors.Is(err, errFailed) {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprint(os.Stderr, `usage:
	onnx bench [-json] [-shape NAME=1,3,320,320]… [-bind NAME=16000]… MODEL
	                                                       measure runs: time, allocations, memory
	onnx info [-shape NAME=1,3,320,320]… [-nodes] MODEL    say what is in a model and what a run of it takes
	onnx map [-shape NAME=1,3,320,320]… [-o FILE] MODEL    draw the memory of a run, as SVG
	onnx run [-in FILE] [-out FILE] MODEL                  run a model on tensors in safetensors files
	onnx verify [-json] [-run PATTERN] DIR                 run the backend tests below a folder
	onnx verify -scoreboard FILE DIR                       write a page about the operators
`)
}

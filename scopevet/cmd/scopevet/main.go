// Command scopevet finds mistakes with the scopes of AllocArrays.
//
//	go run github.com/allocarrays/allocarrays-go/scopevet/cmd/scopevet ./...
//	go vet -vettool=$(which scopevet) ./...
//
// See docs/scopevet.md for the rules and how to silence one.
package main

import (
	"flag"

	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/allocarrays/allocarrays-go/scopevet"
	"github.com/allocarrays/allocarrays-go/scopevet/internal/flow"
)

func main() {
	flag.BoolVar(&flow.ListUnknown, "unknown", false, "list calls that get memory of a scope and of which nothing is known")
	flag.BoolVar(&flow.Tests, "tests", false, "report findings in _test.go files too")
	multichecker.Main(scopevet.Analyzers...)
}

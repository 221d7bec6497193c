// Command fetchpeers gets what the comparison needs besides Go modules: the shared
// library of onnxruntime, from an npm package, into bench/.cache. OpenBLAS is left to
// the system's packages (Debian: libopenblas-dev).
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/allocarrays/allocarrays-go/bench/internal/fetch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root, err := fetch.Root()
	if err == nil {
		err = fetch.Install(ctx, fetch.Cache(root))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

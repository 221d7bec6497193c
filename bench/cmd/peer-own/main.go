// Command peer-own runs what is compared of this module and of the Go heap in a process
// of its own: alone with its heap, as a user's program is, and built with experiments of
// the runtime.
package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bench/internal/alloc"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"github.com/allocarrays/allocarrays-go/bench/internal/server"
	"github.com/allocarrays/allocarrays-go/scope"
)

func main() { peer.Serve(runtime.Version(), prepare) }

// prepare knows alloc/WORKLOAD, cnn/BATCH and handler/VARIANT.
func prepare(name string) (peer.Work, error) {
	kind, rest, _ := strings.Cut(name, "/")
	switch kind {
	case "alloc":
		w, err := alloc.Parse(rest)
		return peer.Work{Run: alloc.NewHeap(w).Run}, err
	case "cnn":
		_, _, batch, err := model.ParseWork(name)
		return network(batch), err
	case "handler":
		h, err := server.NewCalls(rest)
		if err != nil {
			return peer.Work{}, err
		}
		return peer.Work{Run: h.Run, Output: h.Output, OneCore: true}, nil
	}
	return peer.Work{}, fmt.Errorf("no such work: %q", name)
}

// network runs the CNN with the Go heap, one scope for each batch.
func network(batch int) peer.Work {
	chain := model.NewCNNChain(model.NewCNN())
	x := allocarray.Wrap(model.Images(batch), batch, model.Side, model.Side, 1)
	got := make([]float32, batch*10)
	infer := func(ctx context.Context) error {
		copy(got, chain.Forward(ctx, x).Data())
		return nil
	}
	return peer.Work{Output: func() []float32 { return got }, OneCore: true, Run: func(n int) {
		for range n {
			if err := scope.NoEscape(context.Background(), infer); err != nil {
				panic(err)
			}
		}
	}}
}

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"

	"github.com/allocarrays/allocarrays-go/examples/inference/service"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/examples/internal/progress"
	"github.com/allocarrays/allocarrays-go/nn"
)

// listen serves the model at the address that the flags name until ctx ends. It evaluates
// the model first: one that recognises nothing shows now, not in production.
func (o options) listen(ctx context.Context, model *nn.Chain, set samples, out *bufio.Writer, stderr io.Writer) error {
	bar := progress.New(stderr, "evaluating", set.len())
	predictions, err := evaluate(ctx, model, set, o.batch, bar)
	bar.Close()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", o.serve)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	t := newTally(set.labels, predictions)
	_, correct := t.totals()
	fmt.Fprintf(out, "%s, weights: %s. Of %s %s, %s are recognised.\n", mlp.Name, o.modelName(),
		grouped(set.len()), set.source, grouped(correct))
	fmt.Fprintf(out, "Draw digits at %s; Ctrl-C ends.\n", pageAt(l.Addr()))
	if err := out.Flush(); err != nil {
		l.Close()
		return err
	}
	if err := service.New(model, service.DefaultLimits()).Serve(ctx, l, stderr); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	out.WriteString("Every request that had begun is answered.\n")
	return nil
}

// pageAt returns the address of the page for a browser on this machine.
func pageAt(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

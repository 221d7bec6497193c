// Filetype is a server that tells what a file is by what is in it, with the network Magika.
//
//	go run . -model model.onnx -config config.min.json
//	curl --data-binary @unknown localhost:8081/type
//	{"type":"python","score":0.998,"confident":true}
//
// README.md says where the model comes from. A request is a scope: what is kept of the file and
// everything the network computes are released with the answer. A file may be of any size, as only its
// beginning and its end are kept.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/allocarrays/allocarrays-go/examples/internal/input"
	"github.com/allocarrays/allocarrays-go/examples/internal/progress"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "filetype:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, problems io.Writer) error {
	flags := flag.NewFlagSet("filetype", flag.ContinueOnError)
	flags.SetOutput(problems)
	model := flags.String("model", "model.onnx", "`file` of the network; see README.md")
	config := flags.String("config", "config.min.json", "`file` that says how its input is made")
	addr := flags.String("addr", "localhost:8081", "`address` to listen on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	c, err := input.Await(ctx, func() (*Classifier, error) {
		bar := progress.New(problems, "loading", 2)
		defer bar.Close()
		return Load(*model, *config, func() { bar.Set(1, "compiling") })
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(problems, "listening on http://%s/type\n", l.Addr())
	return serve(ctx, l, handler(c))
}

// serve answers requests until ctx is done, and lets those that run finish.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return server.Shutdown(end)
}

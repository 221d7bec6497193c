package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
)

// Serve answers the connections of l until ctx ends. Then it takes no more of them, and
// finishes the requests that have begun; those that take longer than the limit Drain are
// cut off, which is an error. Serve closes l and the shared buffer, and so can be called
// once. What goes wrong with a connection, panics of handlers too, is written to problems.
func (s *Service) Serve(ctx context.Context, l net.Listener, problems io.Writer) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.limits.Header,
		ReadTimeout:       s.limits.Read,
		WriteTimeout:      s.limits.Write,
		IdleTimeout:       s.limits.Idle,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(problems, "inference: ", 0),
	}
	var background sync.WaitGroup
	sampling, stop := context.WithCancel(context.Background())
	background.Go(func() { s.history.run(sampling) })
	defer background.Wait()
	defer stop()

	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done: // never nil, and not the end that Shutdown makes
		return errors.Join(err, s.buffer.Close())
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.Drain)
	defer cancel()
	err := server.Shutdown(drain)
	<-done
	if errors.Is(err, context.DeadlineExceeded) {
		_ = server.Close() // the listener is closed already
		return fmt.Errorf("requests were still open after %v", s.limits.Drain)
	}
	return errors.Join(err, s.buffer.Close())
}

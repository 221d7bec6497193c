// Package load is a client that keeps a server busy and measures how long it takes to
// answer. It speaks just enough HTTP/1.1, without allocating, so that it leaves the
// processor to the server.
package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A Request is what one client sends again and again, and the answer it expects.
type Request struct{ Body, Answer []byte }

// Latencies of all answers, in order of size.
type Latencies []time.Duration

// Quantile returns the q-quantile; 0 if there is no answer.
func (l Latencies) Quantile(q float64) time.Duration {
	if len(l) == 0 {
		return 0
	}
	return l[min(int(q*float64(len(l))), len(l)-1)]
}

// Run lets one client for each request send it to the server at addr, over a
// connection of its own, each as soon as the last was answered, for that long.
// A wrong answer is an error.
func Run(ctx context.Context, addr string, requests []Request, duration time.Duration) (Latencies, error) {
	clients := make([]*client, len(requests))
	for i, r := range requests {
		var err error
		if clients[i], err = dial(ctx, addr, r); err != nil {
			return nil, err
		}
		defer clients[i].conn.Close()
	}
	errs := make([]error, len(clients))
	end := time.Now().Add(duration)
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() { errs[i] = c.run(ctx, end) })
	}
	wg.Wait()
	var all Latencies
	for _, c := range clients {
		all = append(all, c.took...)
	}
	slices.Sort(all)
	return all, errors.Join(errs...)
}

// client is one connection.
type client struct {
	conn    net.Conn
	in      *bufio.Reader
	message []byte
	want    []byte
	answer  []byte
	took    []time.Duration
}

func dial(ctx context.Context, addr string, r Request) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", addr, len(r.Body))
	return &client{
		conn: conn, in: bufio.NewReader(conn), want: r.Answer, answer: make([]byte, len(r.Answer)),
		message: append([]byte(head), r.Body...), took: make([]time.Duration, 0, 1<<14),
	}, nil
}

func (c *client) run(ctx context.Context, end time.Time) error {
	for ctx.Err() == nil {
		start := time.Now()
		if start.After(end) {
			return nil
		}
		if err := c.exchange(); err != nil {
			return fmt.Errorf("load: %w", err)
		}
		c.took = append(c.took, time.Since(start))
	}
	return ctx.Err()
}

// exchange sends the request once and checks the answer.
func (c *client) exchange() error {
	if _, err := c.conn.Write(c.message); err != nil {
		return err
	}
	size, err := c.header()
	if err != nil {
		return err
	}
	if size != len(c.answer) {
		return fmt.Errorf("answer of %d bytes, want %d", size, len(c.answer))
	}
	if _, err := io.ReadFull(c.in, c.answer); err != nil {
		return err
	}
	if !bytes.Equal(c.answer, c.want) {
		return fmt.Errorf("answer %q, want %q", c.answer, c.want)
	}
	return nil
}

// header reads the head of an answer and returns the length of its body.
func (c *client) header() (size int, err error) {
	size = -1
	for first := true; ; first = false {
		text, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		text = bytes.TrimRight(text, "\r\n")
		if len(text) == 0 {
			return size, nil
		}
		if first && !bytes.HasPrefix(text, []byte("HTTP/1.1 200 ")) {
			return 0, fmt.Errorf("status %q", text)
		}
		if value, ok := bytes.CutPrefix(text, []byte("Content-Length: ")); ok {
			if size, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		}
	}
}

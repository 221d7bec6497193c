package peer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
)

// ErrAbsent is matched by the error of [Start] when the child says that the peer is
// not to be had on this machine.
var ErrAbsent = errors.New("absent")

// A Client is a running child. Its methods must not be called concurrently.
type Client struct {
	Info  string // what the child said about itself
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Reader
}

// Start starts the program at path with env added to the environment, and waits
// until it is ready. The child is killed when ctx ends.
func Start(ctx context.Context, path string, args, env []string) (*Client, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), env...)
	var trouble tail
	cmd.Stderr = &trouble
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	c := &Client{cmd: cmd, in: in, lines: bufio.NewReaderSize(out, 1<<16)}
	if err := c.greet(); err != nil {
		c.Close()
		return nil, errors.Join(err, trouble.err())
	}
	return c, nil
}

// greet reads the child's first line. What the peer's own code prints at its start
// is skipped.
func (c *Client) greet() error {
	for range 100 {
		text, err := c.lines.ReadString('\n')
		if err != nil {
			return fmt.Errorf("peer: child ended before it was ready: %w", err)
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
		switch word {
		case "ready":
			c.Info = rest
			return nil
		case "absent":
			return fmt.Errorf("%w: %s", ErrAbsent, rest)
		}
	}
	return errors.New("peer: child does not say that it is ready")
}

// Close ends the child and waits for it, a second at most.
func (c *Client) Close() {
	c.in.Close()
	timer := time.AfterFunc(time.Second, func() { _ = c.cmd.Process.Kill() })
	defer timer.Stop()
	_ = c.cmd.Wait()
}

// Ask sends a command and returns the words of the answer, which must begin with
// want.
func (c *Client) Ask(want, format string, args ...any) ([]string, error) {
	if _, err := fmt.Fprintf(c.in, format+"\n", args...); err != nil {
		return nil, fmt.Errorf("peer: child has ended: %w", err)
	}
	text, err := c.lines.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("peer: child has ended: %w", err)
	}
	word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	if word != want {
		return nil, errors.New(line(strings.TrimPrefix(text, "error ")))
	}
	return strings.Fields(rest), nil
}

// Check returns what an operation of the case computes.
func (c *Client) Check(name string) ([]float32, error) {
	words, err := c.Ask("values", "check %s", name)
	if err != nil {
		return nil, err
	}
	values := make([]float32, len(words))
	for i, w := range words {
		v, err := strconv.ParseFloat(w, 32)
		if err != nil {
			return nil, fmt.Errorf("peer: %w", err)
		}
		values[i] = float32(v)
	}
	return values, nil
}

// Candidate returns the child's work of a case as a candidate.
func (c *Client) Candidate(name, work string) measure.Candidate {
	return measure.Candidate{Name: name, Run: func(_ context.Context, n int) (measure.Sample, error) {
		words, err := c.Ask("ok", "run %s %d", work, n)
		if err != nil {
			return measure.Sample{}, err
		}
		return sample(n, words)
	}}
}

// sample reads the answer to run.
func sample(n int, words []string) (measure.Sample, error) {
	var v [3]uint64
	if len(words) != len(v) {
		return measure.Sample{}, fmt.Errorf("peer: answer of %d numbers, want %d", len(words), len(v))
	}
	for i, w := range words {
		var err error
		if v[i], err = strconv.ParseUint(w, 10, 64); err != nil {
			return measure.Sample{}, fmt.Errorf("peer: %w", err)
		}
	}
	return measure.Sample{Ops: n, Time: time.Duration(v[0]), Allocs: v[1], Bytes: v[2]}, nil
}

// tail keeps the first lines that a child wrote to standard error.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p[:min(len(p), 300-min(300, len(t.text)))]...)
	return len(p), nil
}

func (t *tail) err() error {
	if len(t.text) == 0 {
		return nil
	}
	return errors.New(line(string(t.text)))
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// child is a server in a process of its own.
type child struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	addr string
}

// start starts this program as the server of a variant.
func start(ctx context.Context, variant string, env ...string) (*child, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, path, "serve", variant)}
	c.cmd.Env, c.cmd.Stderr = append(os.Environ(), env...), os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if c.addr, err = c.out.ReadString('\n'); err != nil {
		return nil, fmt.Errorf("server %s: %w", variant, err)
	}
	c.addr = strings.TrimSpace(c.addr)
	return c, nil
}

// ask sends a command and decodes the answer.
func (c *child) ask(command string, answer any) error {
	if _, err := fmt.Fprintln(c.in, command); err != nil {
		return err
	}
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("server: %s: %w", command, err)
	}
	return json.Unmarshal(line, answer)
}

func (c *child) stop() error {
	c.in.Close()
	return c.cmd.Wait()
}

//go:build unix

package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serving starts the program with -serve and returns it and the address that it prints.
func serving(t *testing.T) (c *child, out *bufio.Reader, host string) {
	t.Helper()
	c = start(t, "-serve", "localhost:0")
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	out = bufio.NewReader(c.stdout)
	line, err := out.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "784-128-10, weights: embedded. Of 1,000 embedded drawn digits, 996 are recognised.\n", line)
	line, err = out.ReadString('\n')
	require.NoError(t, err)
	host, ok := strings.CutPrefix(line, "Draw digits at http://")
	require.True(t, ok, line)
	host, ok = strings.CutSuffix(host, "/; Ctrl-C ends.\n")
	require.True(t, ok, line)
	return c, out, host
}

// begun begins a request, whose body the program waits for.
func begun(t *testing.T, host string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", host)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, "POST /v1/predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/octet-stream\r\nContent-Length: 784\r\n\r\n")
	require.NoError(t, err)
	answer := bufio.NewReader(conn)
	line, err := answer.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
	_, err = answer.ReadString('\n') // the empty line
	require.NoError(t, err)
	return conn, answer
}

// requireClosed returns when the program takes no connections any more.
func requireClosed(t *testing.T, host string) {
	t.Helper()
	require.Eventually(t, func() bool {
		late, err := net.Dial("tcp", host)
		if err == nil {
			late.Close()
		}
		return err != nil
	}, 10*time.Second, 10*time.Millisecond)
}

// TestServeUntilSignal: either signal lets the request that has begun finish, and the
// program ends with code 0.
func TestServeUntilSignal(t *testing.T) {
	for _, s := range signals {
		t.Run(s.String(), func(t *testing.T) {
			c, out, host := serving(t)
			resp, err := http.Get("http://" + host + "/healthz")
			require.NoError(t, err)
			resp.Body.Close()
			require.Equal(t, 200, resp.StatusCode)
			http.DefaultClient.CloseIdleConnections()

			conn, answer := begun(t, host)
			require.NoError(t, c.cmd.Process.Signal(s))
			requireClosed(t, host)
			_, err = conn.Write(make([]byte, 784))
			require.NoError(t, err)
			text, err := io.ReadAll(answer)
			require.NoError(t, err)
			require.Contains(t, string(text), "HTTP/1.1 200 OK\r\n")
			require.Contains(t, string(text), `{"predictions":[{"digit":`)

			rest, err := io.ReadAll(out)
			require.NoError(t, err)
			require.Equal(t, "Every request that had begun is answered.\n", string(rest))
			require.NoError(t, c.cmd.Wait())
			require.Empty(t, c.stderr.String())
		})
	}
}

// TestSecondSignal: who does not want to wait for a request presses Ctrl-C again.
func TestSecondSignal(t *testing.T) {
	c, _, host := serving(t)
	begun(t, host)
	require.NoError(t, c.cmd.Process.Signal(os.Interrupt))
	requireClosed(t, host)
	time.Sleep(50 * time.Millisecond) // the default is set at the same time
	require.Equal(t, -1, c.signal(t, os.Interrupt), "ended by the signal")
}

// TestPageAt: what is printed opens in a browser on this machine.
func TestPageAt(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0:8080": "http://localhost:8080/", "[::]:80": "http://localhost:80/",
		"127.0.0.1:1": "http://127.0.0.1:1/", "[::1]:8080": "http://[::1]:8080/",
	} {
		a, err := net.ResolveTCPAddr("tcp", address)
		require.NoError(t, err)
		require.Equal(t, want, pageAt(a))
	}
}

package scopehttp_test

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// TestStreaming: each part arrives when it is flushed, and a NoEscape for each part keeps the
// memory of a long stream small.
func TestStreaming(t *testing.T) {
	const parts, size = 50, 64 << 10
	versions(t, func(t *testing.T, h2 bool) {
		shared := locked.Share(bumper.NewSlabBuffer())
		next := make(chan bool, 1)
		next <- true // for the first part, with which the header comes
		s := server(t, scopehttp.Middleware(scopehttp.Buffer(shared), scopehttp.Fast())(handler(
			func(w http.ResponseWriter, r *http.Request) {
				for i := range parts {
					<-next
					_ = scope.NoEscape(r.Context(), func(ctx context.Context) error {
						part := scope.Make[byte](ctx, size)
						copy(part, fmt.Sprintf("part %d", i))
						if _, err := w.Write(part); err != nil {
							return err
						}
						return http.NewResponseController(w).Flush() // the client has the last part, and may have gone
					})
				}
			})), h2)
		resp, err := s.Client().Get(s.URL + "/")
		require.NoError(t, err)
		defer resp.Body.Close()
		part := make([]byte, size)
		for i := range parts {
			_, err := io.ReadFull(resp.Body, part)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(part), fmt.Sprintf("part %d\x00", i)))
			next <- true
		}
		require.Less(t, shared.Stats().PeakRegion, 3*size)
	})
}

// TestUploadGrowsWithWhatArrives: a body of unknown length is read into the scope.
func TestUploadGrowsWithWhatArrives(t *testing.T) {
	versions(t, func(t *testing.T, h2 bool) {
		s := server(t, scopehttp.Middleware()(handler(func(w http.ResponseWriter, r *http.Request) {
			b := scope.NewBuilder[byte](r.Context(), 0)
			_, err := scope.ReadFrom(b, r.Body, 1<<20)
			require.NoError(t, err)
			_, _ = w.Write(b.View())
		})), h2)
		text := strings.Repeat("abc", 100_000)
		resp, err := s.Client().Post(s.URL, "text/plain", io.MultiReader(strings.NewReader(text))) // chunked
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, text, string(body))
	})
}

// TestWebsocket: a connection that is upgraded has its scope until the handler returns, and a
// scope for each message releases what the message took.
func TestWebsocket(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer())
	s := server(t, scopehttp.Middleware(scopehttp.Buffer(shared), scopehttp.Fast())(handler(echoSocket)), false)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	require.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", resp.Header.Get("Sec-WebSocket-Accept")) // of RFC 6455, 1.3

	message := strings.Repeat("0123456789", 5000)
	for i := range 100 {
		require.NoError(t, writeFrame(conn, 0x81, []byte(message[i:]), [4]byte{1, 2, 3, byte(i)}))
		op, got, err := readFrame(in, func(n int) []byte { return make([]byte, n) })
		require.NoError(t, err)
		require.Equal(t, byte(0x81), op)
		require.Equal(t, message[i:], string(got))
	}
	require.LessOrEqual(t, shared.Stats().Peak, 2) // the connection's scope, and a message's
	require.Less(t, shared.Stats().PeakRegion, 3*len(message))
	require.NoError(t, writeFrame(conn, 0x88, nil, [4]byte{}))
	_, err = in.ReadByte()
	require.ErrorIs(t, err, io.EOF)
	require.Eventually(t, func() bool { return shared.Stats().Open == 0 }, time.Minute, time.Millisecond)
	require.Zero(t, shared.Stats().Late)
}

// echoSocket upgrades a request to a websocket (RFC 6455) and sends each message back.
func echoSocket(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	scope.Make[byte](ctx, 64) // of the connection
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	for rw.Flush() == nil {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			op, message, err := readFrame(rw, func(n int) []byte { return scope.Make[byte](ctx, n) })
			if err == nil && op == 0x88 {
				err = io.EOF
			}
			if err != nil {
				return err
			}
			return writeFrame(rw, op, message, [4]byte{})
		})
		if err != nil {
			return
		}
	}
}

// readFrame reads a frame into memory from alloc.
func readFrame(r io.Reader, alloc func(int) []byte) (op byte, message []byte, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, nil, err
	}
	op, n := head[0], int(head[1]&127)
	if n == 126 {
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return 0, nil, err
		}
		n = int(binary.BigEndian.Uint16(head[2:]))
	}
	var mask [4]byte
	if head[1] >= 128 {
		if _, err := io.ReadFull(r, mask[:]); err != nil {
			return 0, nil, err
		}
	}
	message = alloc(n)
	_, err = io.ReadFull(r, message)
	for i := range message {
		message[i] ^= mask[i%4]
	}
	return op, message, err
}

// writeFrame writes a frame of up to 65535 bytes, masked if mask is not zero.
func writeFrame(w io.Writer, op byte, message []byte, mask [4]byte) error {
	frame := []byte{op, byte(len(message))}
	if len(message) > 125 {
		frame = binary.BigEndian.AppendUint16([]byte{op, 126}, uint16(len(message)))
	}
	if mask != [4]byte{} {
		frame[1] |= 128
		frame = append(frame, mask[:]...)
	}
	for i, b := range message {
		frame = append(frame, b^mask[i%4])
	}
	_, err := w.Write(frame)
	return err
}

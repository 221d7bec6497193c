package recipes_test

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// TestResetStreams: an HTTP/2 server that is in the middle of sending an answer when the client
// resets the stream, and whose handler has returned, sends no byte of another request, with
// memory that is reused at once. Clients of net/http throw away what still comes on a stream
// that they have reset, so this one reads the frames itself.
func TestResetStreams(t *testing.T) {
	s := httptest.NewUnstartedServer(scopehttp.Middleware(scopehttp.Fast())(http.HandlerFunc(fill)))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	config := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.NextProtos = []string{"h2"}
	conn, err := tls.DialWithDialer(new(net.Dialer), "tcp", s.Listener.Addr().String(), config)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = conn.Write([]byte(http2.ClientPreface))
	require.NoError(t, err)
	f := http2.NewFramer(conn, conn)
	require.NoError(t, f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20}))
	require.NoError(t, f.WriteWindowUpdate(0, 1<<30))

	const streams = 400
	var head bytes.Buffer
	encoder := hpack.NewEncoder(&head)
	ask := func(stream uint32) {
		head.Reset()
		for _, h := range [][2]string{
			{":method", "GET"}, {":scheme", "https"}, {":authority", "x"},
			{":path", "/?n=200000&id=" + strconv.Itoa(int(stream))},
		} {
			require.NoError(t, encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}))
		}
		require.NoError(t, f.WriteHeaders(http2.HeadersFrameParam{
			StreamID: stream, BlockFragment: head.Bytes(), EndStream: true, EndHeaders: true,
		}))
	}
	next := uint32(1)
	for range 8 {
		ask(next)
		next += 2
	}
	rest := map[uint32][]byte{} // of a word that the end of a frame has cut
	frames, after := 0, 0
	reset := map[uint32]bool{}
	for open := 8; open > 0; {
		frame, err := f.ReadFrame()
		require.NoError(t, err)
		id := frame.Header().StreamID
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				require.NoError(t, f.WriteSettingsAck())
			}
			continue
		case *http2.DataFrame:
			frames++
			p := append(rest[id], frame.Data()...)
			require.Zero(t, others(p, int(id)), "stream %d", id)
			rest[id] = bytes.Clone(p[len(p)&^7:])
			if reset[id] {
				after++
				continue
			}
			if id%4 == 1 && !frame.StreamEnded() { // every second stream
				reset[id] = true
				require.NoError(t, f.WriteRSTStream(id, http2.ErrCodeCancel))
			} else if !frame.StreamEnded() {
				continue
			}
		case *http2.RSTStreamFrame:
			t.Fatalf("stream %d was reset: %v", id, frame.ErrCode)
		default:
			continue
		}
		if open--; next < 2*streams {
			ask(next)
			next += 2
			open++
		}
	}
	require.Greater(t, frames, streams)
	t.Logf("%d frames, %d on streams that were reset", frames, after)
}

package service_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/inference/service"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

func put32(b []byte, v uint32)     { binary.BigEndian.PutUint32(b, v) }
func checksum(chunk []byte) uint32 { return crc32.ChecksumIEEE(chunk) }

// heapAllocated returns the bytes allocated on the Go heap so far.
func heapAllocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// record lets a service answer without a network.
func record(t testing.TB, s *service.Service, method, path, kind string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// dial returns a connection on which a request is sent by hand.
func (s *server) dial(text string) net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.address)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	_, err = io.WriteString(c, text)
	require.NoError(s.t, err)
	require.NoError(s.t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	return c
}

// head returns the header of a request for a prediction.
func head(length int) string {
	return fmt.Sprintf("POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", asRaw, length)
}

// TestSlowClients: who does not send a header or a body in time is cut off, and a body
// that is promised takes no memory until it is there.
func TestSlowClients(t *testing.T) {
	limits := service.DefaultLimits()
	limits.Header, limits.Read = 150*time.Millisecond, 300*time.Millisecond
	s := serve(t, limits)

	header := s.dial("POST /v1/predict HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	rest, err := io.ReadAll(header)
	require.NoError(t, err)
	require.NotContains(t, string(rest), "200 OK")

	var bodies []net.Conn
	for range 20 {
		bodies = append(bodies, s.dial(head(4<<20)+strings.Repeat("x", 1000)))
	}
	held := 0
	for range 20 {
		held = max(held, s.service.Buffer().Stats().Used)
		time.Sleep(5 * time.Millisecond)
	}
	require.Less(t, held, 20*(128<<10), "not the 80 MiB that are promised")
	for _, c := range bodies {
		rest, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Contains(t, string(rest), "408 Request Timeout")
		require.Contains(t, string(rest), "the body did not arrive in time")
	}
	require.Zero(t, s.service.Buffer().Stats().Used)
}

// TestSlowReaders: who does not read the answers is cut off, and holds no memory then.
func TestSlowReaders(t *testing.T) {
	limits := service.DefaultLimits()
	limits.Write = 500 * time.Millisecond
	s := serve(t, limits)
	body := strings.Repeat("\x00", limits.Batch*mlp.Pixels)
	c := s.dial(head(len(body)))
	sent := make(chan int)
	go func() { // one request after the other, until the service does not want more
		n := 0
		for ; n < 1000; n++ {
			if _, err := io.WriteString(c, body+head(len(body))); err != nil {
				break
			}
		}
		sent <- n
	}()
	require.Less(t, <-sent, 1000)
	require.Eventually(t, func() bool { return s.service.Buffer().Stats().Open == 0 }, 20*time.Second, 5*time.Millisecond)
	require.Zero(t, s.service.Buffer().Stats().Used)
}

// TestClientsGone: a client that goes in the middle of its body leaves nothing.
func TestClientsGone(t *testing.T) {
	s := serve(t, service.DefaultLimits())
	for range 20 {
		s.dial(head(1<<20) + strings.Repeat("x", 100_000)).Close()
	}
	require.Eventually(t, func() bool {
		_, metrics := s.get("/metrics")
		return strings.Contains(metrics, `inference_requests_total{code="400"} 20`)
	}, 20*time.Second, 10*time.Millisecond)
	require.Zero(t, s.service.Buffer().Stats().Used)
}

// TestShutdown: a request that has begun is answered, a connection that comes later is
// not taken, and the buffer is closed.
func TestShutdown(t *testing.T) {
	s := serve(t, service.DefaultLimits())
	c := s.dial(head(mlp.Pixels) + strings.Repeat("\x00", 100))
	require.Eventually(t, func() bool { return s.service.Buffer().Stats().Open == 1 }, 20*time.Second, time.Millisecond)
	s.stop()
	require.Eventually(t, func() bool {
		late, err := net.Dial("tcp", s.address)
		if err == nil {
			late.Close()
		}
		return err != nil
	}, 20*time.Second, time.Millisecond)
	select {
	case err := <-s.done:
		t.Fatal("ended before the request: ", err)
	default:
	}
	_, err := io.WriteString(c, strings.Repeat("\x00", mlp.Pixels-100))
	require.NoError(t, err)
	rest, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Contains(t, string(rest), "200 OK")
	require.Contains(t, string(rest), `{"predictions":[{"digit":`)
	require.NoError(t, s.ended())
	_, err = s.service.Buffer().Alloc(8, 8)
	require.Error(t, err, "closed")
}

// TestDrain: a request that does not end in time is cut off, and Serve says so.
func TestDrain(t *testing.T) {
	limits := service.DefaultLimits()
	limits.Drain = 50 * time.Millisecond
	s := serve(t, limits)
	c := s.dial(head(mlp.Pixels))
	require.Eventually(t, func() bool { return s.service.Buffer().Stats().Regions == 1 }, 20*time.Second, time.Millisecond)
	s.stop()
	require.EqualError(t, s.ended(), "requests were still open after 50ms")
	_, _ = io.ReadAll(c) // ends
}

// TestListenerFails: an error of the listener is returned.
func TestListenerFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	require.ErrorIs(t, service.New(model(t), service.DefaultLimits()).Serve(t.Context(), l, io.Discard), net.ErrClosed)
}

// TestGarbage: in a scope a batch leaves to the garbage collector what its request is,
// and not what it is about. On the heap it leaves all of it.
func TestGarbage(t *testing.T) {
	if testenv.Slow() {
		t.Skip("instrumentation allocates")
	}
	s := service.New(model(t), service.DefaultLimits())
	body := make([]byte, 256*mlp.Pixels)
	garbage := map[string]uint64{}
	for _, memory := range []string{"shared", "heap"} {
		const times = 20
		var w *httptest.ResponseRecorder
		for i := range times + 1 {
			if i == 1 { // the first takes what the buffer keeps
				garbage[memory] = heapAllocated()
			}
			r := httptest.NewRequest("POST", "/v1/predict?memory="+memory, bytes.NewReader(body))
			r.Header.Set("Content-Type", asRaw)
			w = httptest.NewRecorder()
			w.Body = nil // which would be a copy
			s.ServeHTTP(w, r)
			require.Equal(t, 200, w.Code)
		}
		garbage[memory] = (heapAllocated() - garbage[memory]) / times
	}
	t.Logf("bytes for each batch of 256: %v", garbage)
	require.Less(t, garbage["shared"], uint64(16<<10))
	require.Greater(t, garbage["heap"], uint64(256*(784+4*784+4*128)))
	require.NoError(t, s.Buffer().Close())
}

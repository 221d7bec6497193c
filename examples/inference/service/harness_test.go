package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/allocarrays/allocarrays-go/examples/inference/service"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/nn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// model returns the model of the example.
func model(t testing.TB) *nn.Chain {
	t.Helper()
	data, err := os.ReadFile("../model.safetensors")
	require.NoError(t, err)
	m, err := mlp.Load("model.safetensors", data)
	require.NoError(t, err)
	return m
}

// A server is a running service.
type server struct {
	t       *testing.T
	service *service.Service
	address string
	client  *http.Client
	stop    context.CancelFunc
	done    chan error // what Serve returned
	stderr  bytes.Buffer
}

// serve runs a service with limits until the test ends.
func serve(t *testing.T, limits service.Limits) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	s := &server{
		t: t, service: service.New(model(t), limits), address: l.Addr().String(),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 30 * time.Second},
		stop:   stop, done: make(chan error, 1),
	}
	go func() { s.done <- s.service.Serve(ctx, l, &s.stderr) }()
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		stop()
		select {
		case err := <-s.done:
			require.NoError(t, err)
		case <-time.After(20 * time.Second):
			t.Error("the service does not end")
		}
		require.Empty(t, s.stderr.String())
	})
	return s
}

// ended returns what Serve returned, and lets the end of the test find the same.
func (s *server) ended() error {
	s.t.Helper()
	select {
	case err := <-s.done:
		s.done <- nil
		return err
	case <-time.After(20 * time.Second):
		s.t.Fatal("the service does not end")
		return nil
	}
}

// A prediction is one of an answer.
type prediction struct {
	Digit         int       `json:"digit"`
	Probability   float32   `json:"probability"`
	Probabilities []float32 `json:"probabilities"`
}

// An answer is the body of a response as the documentation has it.
type answer struct {
	Predictions []prediction `json:"predictions"`
	Seen        []byte       `json:"seen"`
	Error       string       `json:"error"`
}

const (
	asJSON = "application/json"
	asRaw  = "application/octet-stream"
	asPNG  = "image/png"
)

// post asks for predictions and returns the response and its body, decoded.
func (s *server) post(query, kind string, body io.Reader) (*http.Response, answer) {
	s.t.Helper()
	resp, err := s.client.Post("http://"+s.address+"/v1/predict"+query, kind, body)
	require.NoError(s.t, err)
	return resp, s.decode(resp)
}

// decode reads a response.
func (s *server) decode(resp *http.Response) (a answer) {
	s.t.Helper()
	defer resp.Body.Close()
	require.Equal(s.t, "application/json", resp.Header.Get("Content-Type"))
	d := json.NewDecoder(resp.Body)
	d.DisallowUnknownFields()
	require.NoError(s.t, d.Decode(&a))
	require.Equal(s.t, resp.StatusCode != http.StatusOK, a.Error != "", "an error has a text, and nothing else has")
	return a
}

// get returns the status and the body at an address.
func (s *server) get(path string) (*http.Response, string) {
	s.t.Helper()
	resp, err := s.client.Get("http://" + s.address + path)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return resp, string(body)
}

// encoded returns a picture as PNG.
func encoded(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

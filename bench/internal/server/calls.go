package server

import (
	"bytes"
	"io"
	"net/http"

	"github.com/allocarrays/allocarrays-go/bench/internal/model"
)

// Images returns the body of request number i: the same images every time.
func Images(i, images int) []byte {
	body := make([]byte, images*model.In)
	for j, v := range model.Random(uint64(100+i), len(body), 50) {
		body[j] = byte(int(min(max(v+100, 0), 255)))
	}
	return body
}

// CallImages is the number of images in a request.
const CallImages = 16

// Calls calls the handler of a variant again and again, without a network and without
// garbage of its own. It is the answer's writer too.
type Calls struct {
	handler http.Handler
	body    bytes.Reader
	images  []byte
	request *http.Request
	header  http.Header
	status  int
	answer  []byte
}

// NewCalls returns calls of the handler of a variant.
func NewCalls(variant string) (*Calls, error) {
	s, err := New(variant)
	if err != nil {
		return nil, err
	}
	return CallsOf(Handler(s)), nil
}

// CallsOf returns calls of a handler that serves a variant in some way of its own.
func CallsOf(h http.Handler) *Calls {
	c := &Calls{handler: h, images: Images(0, CallImages), header: http.Header{}}
	c.request, _ = http.NewRequest(http.MethodPost, "/", io.NopCloser(&c.body)) // which is well formed
	c.request.ContentLength = int64(len(c.images))
	return c
}

// Answer returns the answer to a body, and makes that the one that Run sends.
func (c *Calls) Answer(body []byte) []byte {
	c.images, c.request.ContentLength = body, int64(len(body))
	c.Run(1)
	return bytes.Clone(c.answer)
}

// Run calls the handler n times. It panics if the handler fails.
func (c *Calls) Run(n int) {
	for range n {
		c.body.Reset(c.images)
		c.answer, c.status = c.answer[:0], http.StatusOK
		c.handler.ServeHTTP(c, c.request)
		if c.status != http.StatusOK {
			panic("server: " + string(c.answer))
		}
	}
}

// Output returns the last answer, a number for each byte.
func (c *Calls) Output() []float32 {
	out := make([]float32, len(c.answer))
	for i, b := range c.answer {
		out[i] = float32(b)
	}
	return out
}

// Header implements [http.ResponseWriter].
func (c *Calls) Header() http.Header { return c.header }

// WriteHeader implements [http.ResponseWriter].
func (c *Calls) WriteHeader(status int) { c.status = status }

// Write implements [http.ResponseWriter].
func (c *Calls) Write(p []byte) (int, error) {
	c.answer = append(c.answer, p...)
	return len(p), nil
}

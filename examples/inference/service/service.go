package service

import (
	"net/http"
	"runtime"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// A Service is the handler of all addresses. Requests may come at the same time.
type Service struct {
	model    *nn.Chain
	limits   Limits
	buffer   *locked.Buffer     // of all requests
	scopes   scopehttp.Counters // of the requests on it
	pictures chan struct{}      // holds one element for each picture that is being decoded
	counts   *counters
	history  *history
	handler  http.Handler
}

// New returns a service that runs a model of package mlp.
func New(model *nn.Chain, limits Limits) *Service {
	s := &Service{
		model:    model,
		limits:   limits,
		buffer:   locked.Share(bumper.NewSlabBuffer(bumper.Limit(limits.Memory))),
		pictures: make(chan struct{}, runtime.GOMAXPROCS(0)),
		counts:   newCounters(),
	}
	s.history = newHistory(s.counts)
	mux := http.NewServeMux()
	mux.Handle("/v1/predict", s.scoped(s.predict))
	mux.HandleFunc("GET /v1/stats", s.stats)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("GET /healthz", health)
	addPage(mux)
	s.handler = http.NewCrossOriginProtection().Handler(mux) // no other site may use a visitor's service
	return s
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Buffer returns the buffer that all requests share.
func (s *Service) Buffer() *locked.Buffer { return s.buffer }

func health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

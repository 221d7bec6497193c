package service

import (
	"context"
	"net/http"
	"time"

	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A handler answers a request with memory from ctx, the context of the request with an
// allocator. It writes its answer last: after an error, nothing is written.
type handler func(ctx context.Context, w http.ResponseWriter, r *http.Request) error

// scoped returns h in a scope for each request, which ends when h returns, and answers
// its errors.
func (s *Service) scoped(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin, status := time.Now(), http.StatusInternalServerError // unless h returns
		defer func() { s.counts.add(status, time.Since(begin)) }()
		status = s.answer(w, r, h)
	})
}

// answer calls h in a scope and returns the status.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, h handler) int {
	request := meter.NewLimit(s.process, "request", s.limits.Request)
	memory, err := s.memory(r, request)
	if err == nil {
		err = scope.NoEscape(scope.WithAllocator(r.Context(), memory), func(ctx context.Context) error {
			defer func() { s.counts.held(s.buffer.Stats().Used) }() // before the scope gives it back
			return h(ctx, w, r)
		})
	}
	switch {
	case err == nil:
		return http.StatusOK
	case meter.RefusedBy(err) == request:
		err = fail(http.StatusRequestEntityTooLarge, "the request takes more memory than a request may have")
	}
	return writeError(w, err)
}

// memory returns where the arrays of a request come from: the shared buffer, within the
// limit of the request, or the Go heap if the request asks for it, to compare.
func (s *Service) memory(r *http.Request, request *meter.Limit) (scope.Allocator, error) {
	switch name := r.URL.Query().Get("memory"); name {
	case "", "shared":
		return s.metered.Within(request), nil
	case "heap":
		return scope.Heap(), nil
	default:
		return nil, bad("memory is %.40q, not shared or heap", name)
	}
}

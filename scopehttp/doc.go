// Package scopehttp gives each HTTP request a scope: memory that handlers allocate through
// the request's context is released when the request is done.
//
//	mux := http.NewServeMux()
//	mux.HandleFunc("POST /predict", predict) // allocates with r.Context()
//	server := &http.Server{Handler: scopehttp.Middleware()(mux)}
//
// # Safe by default
//
// A handler can lose control of its memory in ways that nobody sees: http.TimeoutHandler
// gives up a handler that runs on and writes to its slices; a goroutine that logs outlives the
// request. Memory that is handed to the next request at once then carries bytes from one to
// the other. Unless told otherwise, [Middleware] therefore makes a buffer that isolates (see
// bumper.Isolating): memory is reused when nothing refers to it any more, not even a raw
// slice in another goroutine. [Fast] takes a buffer that reuses memory at once, for servers
// all of whose handlers end with their request.
//
// Allocations after the end of the scope come from the Go heap; arrays used after it panic;
// both are counted, see [Counters].
//
// # Limits
//
// Memory that is exhausted ends the handler by a panic, as an allocation has no error, and
// the middleware answers: 413 if the request's own limit ([Limit]) refused, 429 if that of its
// tenant ([Tenant]), 503 if that of the process ([Within], or the buffer's). The last two have
// a Retry-After header. If the handler has begun its answer already, the connection is
// aborted, so that no client takes half an answer for a whole one. A handler that has such an
// error in its hands, from scope.Alloc or scope.NoEscape, calls [Refuse] or panics with it.
//
// # Order of middlewares
//
// What recovers panics stands outside, so that it does not take those about exhausted memory
// for bugs; or it passes them on, or calls [Refuse]. What buffers, compresses or counts the
// answer may stand on either side. [Timeout] replaces http.TimeoutHandler.
//
// Package scopehttp registers nothing: not with http.DefaultServeMux, nor with expvar, which
// it does not import.
package scopehttp

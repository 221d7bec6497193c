package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// Limits of the server in a storm, in bytes. A request takes twice its answer.
const (
	bufferLimit  = 512 << 20
	requestLimit = 160 << 20
	bodyLimit    = 1 << 20
	largest      = 64_000_000
	tooLarge     = 100_000_000 // twice that is beyond requestLimit
)

// patience is how long handlers may take, and stubborn how long late ones go on after that.
const patience, stubborn = 5 * time.Millisecond, 20 * time.Millisecond

// stormHandler is the server of a storm. In safe mode http.TimeoutHandler gives late handlers
// up; in fast mode scopehttp.Timeout keeps their scopes. Mode control shows that the storm can
// tell: http.TimeoutHandler with memory that is reused at once.
func stormHandler(mode string, counters *scopehttp.Counters) http.Handler {
	opts := []scopehttp.Option{
		scopehttp.Limit(requestLimit), scopehttp.Count(counters), scopehttp.Refusal(proof),
	}
	timeout := http.TimeoutHandler
	if mode == "safe" {
		opts = append(opts, scopehttp.Buffer(locked.Share(bumper.NewSlabBuffer(bumper.Isolating(), bumper.Limit(bufferLimit)))))
	} else {
		opts = append(opts, scopehttp.Fast(), scopehttp.Buffer(locked.Share(bumper.NewSlabBuffer(bumper.Limit(bufferLimit)))))
	}
	if mode == "fast" {
		timeout = scopehttp.Timeout
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/fill", fill)
	mux.HandleFunc("/panic", panics)
	mux.HandleFunc("/upload", upload)
	mux.Handle("/late", timeout(http.HandlerFunc(late), patience, timedOut))
	return http.MaxBytesHandler(scopehttp.Middleware(opts...)(mux), bodyLimit)
}

// timedOut is the answer to a request whose handler is late.
const timedOut = "timed out"

// refusal is the answer to a request for which memory is exhausted.
type refusal struct{ Requested, Available, Idle, Limit uint64 }

func proof(w http.ResponseWriter, _ *http.Request, status int, err error) {
	var numbers refusal
	if e, ok := errors.AsType[*scope.ExhaustedError](err); ok {
		numbers = refusal{uint64(e.Requested), uint64(e.Available), uint64(e.Idle), uint64(e.Limit)}
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(numbers)
}

// word is what all words of a request's memory are.
func word(id uint64) uint64 { return id * 0x9E3779B97F4A7C15 }

func fillWith(p []byte, word uint64) {
	for ; len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, word)
	}
}

// filled returns memory of the request that is filled with its word, and a copy of that.
func filled(r *http.Request) (p, q []byte, id uint64) {
	id, _ = strconv.ParseUint(r.URL.Query().Get("id"), 10, 64)
	size, _ := strconv.Atoi(r.URL.Query().Get("size"))
	ctx := r.Context()
	p = scope.Make[byte](ctx, size)
	fillWith(p, word(id))
	q, _, err := scope.Alloc[byte](ctx, size)
	if err != nil {
		panic(err)
	}
	copy(q, p)
	return p, q, id
}

func fill(w http.ResponseWriter, r *http.Request) {
	_, q, _ := filled(r)
	w.Header().Set("Content-Length", strconv.Itoa(len(q)))
	_, _ = w.Write(q)
}

func panics(w http.ResponseWriter, r *http.Request) {
	_, _, id := filled(r)
	if id%2 == 0 {
		panic("as planned")
	}
	panic(http.ErrAbortHandler)
}

// late runs past its timeout, and goes on writing.
func late(w http.ResponseWriter, r *http.Request) {
	p, q, id := filled(r)
	<-r.Context().Done()
	for begin := time.Now(); time.Since(begin) < stubborn; time.Sleep(time.Millisecond) {
		fillWith(p, word(id))
		fillWith(q, word(id))
	}
}

// upload sends the body back.
func upload(w http.ResponseWriter, r *http.Request) {
	body := scope.NewBuilder[byte](r.Context(), 1024)
	if _, err := scope.ReadFrom(body, r.Body, bodyLimit); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok || errors.Is(err, scope.ErrTooLong) {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		} else if !scopehttp.Refuse(w, r, err) {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	_, _ = w.Write(body.View())
}

package main

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// handler returns the server of a classifier. A request takes a few MiB; with the buffer limited,
// requests beyond it are refused with 503 instead of the process growing. Memory is reused at
// once (scopehttp.Fast), as no request leaves anything behind.
func handler(c *Classifier) http.Handler {
	buffer := locked.Share(bumper.NewSlabBuffer(bumper.Limit(512 << 20)))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /type", func(w http.ResponseWriter, r *http.Request) { answer(w, r, c) })
	return scopehttp.Middleware(scopehttp.Buffer(buffer), scopehttp.Fast())(mux)
}

func answer(w http.ResponseWriter, r *http.Request, c *Classifier) {
	ctx := r.Context()
	file, err := excerpt(r.Body, scope.Make[byte](ctx, 3*c.block), c.block)
	if err != nil {
		http.Error(w, "the file did not arrive: "+err.Error(), http.StatusBadRequest)
		return
	}
	t, err := c.Type(ctx, file)
	if err != nil {
		if !scopehttp.Refuse(w, r, err) {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(t) // the client may be gone
}

// An Excerpt is what a classifier looks at: the first and the last bytes of a file, which are
// the same if the file is small.
type Excerpt struct{ Begin, End []byte }

// excerpt reads r to its end into mem, which has room for three blocks, and keeps the first and
// the last block.
func excerpt(r io.Reader, mem []byte, block int) (Excerpt, error) {
	n, err := io.ReadFull(r, mem[:block])
	begin := mem[:n]
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return Excerpt{begin, begin}, nil
	}
	if err != nil {
		return Excerpt{}, err
	}
	window := mem[block:] // the block before, and the one that is read
	copy(window, begin)
	for {
		n, err := io.ReadFull(r, window[block:])
		copy(window, window[n:n+block])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return Excerpt{begin, window[:block]}, nil
		}
		if err != nil {
			return Excerpt{}, err
		}
	}
}

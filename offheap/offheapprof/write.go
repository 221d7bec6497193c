package offheapprof

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/allocarrays/allocarrays-go/offheap"
)

// Write writes a profile of the live blocks of the heaps, in pprof's compressed format.
// The heaps may be in use meanwhile. The error is that of w.
func Write(w io.Writer, heaps ...*offheap.Heap) error {
	b := newBuilder()
	for _, block := range live(heaps) {
		b.add(block)
	}
	if err := b.profile.Write(w); err != nil {
		return fmt.Errorf("offheapprof: %w", err)
	}
	return nil
}

// Handler serves the profile that [Write] writes, for a path beside those of
// net/http/pprof. The profile shows function names and labels to everyone who can reach
// the path.
func Handler(heaps ...*offheap.Heap) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var all bytes.Buffer // so that an error can still become a status
		if err := Write(&all, heaps...); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="offheap"`)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(all.Bytes()) // the client has gone
	})
}

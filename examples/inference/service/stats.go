package service

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// A report is the JSON object of /v1/stats.
type report struct {
	Interval int       `json:"interval_ms"` // between two samples
	Next     uint64    `json:"next"`        // ask for since=next later
	Samples  []sample  `json:"samples"`
	Requests uint64    `json:"requests"` // answered since the start
	Refused  uint64    `json:"refused"`  // answered with an error
	Images   uint64    `json:"images"`   // classified
	Heap     heapState `json:"heap"`
	Scopes   scopes    `json:"scopes"`
}

// scopes is the state of the shared buffer, in bytes.
type scopes struct {
	Used     int    `json:"used_bytes"`
	Capacity int    `json:"capacity_bytes"`
	Limit    int    `json:"limit_bytes"`
	Opened   uint64 `json:"opened"` // since the start
	Late     uint64 `json:"late"`   // allocations after the end of their scope
}

// stats answers with the samples from ?since= on, those of the last minute without it.
func (s *Service) stats(w http.ResponseWriter, r *http.Request) {
	since := uint64(0)
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = strconv.ParseUint(text, 10, 64); err != nil {
			writeError(w, bad("since is %.40q, not a number", text))
			return
		}
	}
	samples, next, heap := s.history.since(since)
	ok, failed := s.counts.answered()
	b := s.buffer.Stats()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(report{ // an error means that the client has gone
		Interval: int(interval.Milliseconds()), Next: next, Samples: samples,
		Requests: ok, Refused: failed, Images: s.counts.images.Load(), Heap: heap,
		Scopes: scopes{b.Used, b.Capacity, b.Limit, b.Regions, b.Late},
	})
}

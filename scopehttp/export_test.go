package scopehttp

import "net/http"

// WriterWith returns a writer with these abilities, in the order of the constants.
func WriterWith(abilities int) http.ResponseWriter { return new(writer).as(abilities) }

// Histogram is what Peaks are read from.
type Histogram struct{ peaks }

func (h *Histogram) Add(bytes int) { h.add(bytes) }
func (h *Histogram) Read() Peaks   { return h.read() }

package scopehttp

import "net/http"

// WriterWith returns a writer with these abilities, in the order of the constants.
func WriterWith(abilities int) http.ResponseWriter { return new(writer).as(abilities) }

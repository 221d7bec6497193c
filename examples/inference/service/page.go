package service

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"time"
)

//go:embed page
var files embed.FS

// policy lets the page use this service and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// addPage adds the page and its parts, which are what is embedded, to mux.
func addPage(mux *http.ServeMux) {
	for address, file := range map[string]struct{ name, kind string }{
		"/{$}":        {"index.html", "text/html; charset=utf-8"},
		"/style.css":  {"style.css", "text/css; charset=utf-8"},
		"/draw.js":    {"draw.js", "text/javascript; charset=utf-8"},
		"/charts.js":  {"charts.js", "text/javascript; charset=utf-8"},
		"/compare.js": {"compare.js", "text/javascript; charset=utf-8"},
		"/icon.svg":   {"icon.svg", "image/svg+xml"},
	} {
		content, err := files.ReadFile("page/" + file.name)
		if err != nil {
			panic("service: " + err.Error()) // cannot be: a test asks for all
		}
		mux.Handle("GET "+address, static(content, file.kind))
	}
}

// static returns a handler of one file. Browsers ask each time and get the file only if it
// has changed.
func static(content []byte, kind string) http.Handler {
	sum := sha256.Sum256(content)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

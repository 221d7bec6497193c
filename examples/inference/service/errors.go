package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/allocarrays/allocarrays-go/scope"
)

// A failure is an error that the client is told.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

// fail returns a failure with a status.
func fail(status int, format string, args ...any) error {
	return &failure{status, fmt.Sprintf(format, args...)}
}

// bad returns a failure of a request that is wrong.
func bad(format string, args ...any) error { return fail(http.StatusBadRequest, format, args...) }

// statusOf returns the status and the text for an error.
func statusOf(err error) (int, string) {
	var f *failure
	switch {
	case errors.As(err, &f):
		return f.status, f.text
	case errors.Is(err, scope.ErrTooLong):
		return http.StatusRequestEntityTooLarge, "the body is too long"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout, "the body did not arrive in time"
	default: // reading the body failed: usually there is nobody to tell
		return http.StatusBadRequest, "the body could not be read"
	}
}

// refuse answers a request for which there is no memory.
func refuse(w http.ResponseWriter, _ *http.Request, status int, _ error) {
	text := "busy: the memory for requests is used up, try again"
	if status == http.StatusRequestEntityTooLarge {
		text = "the request takes more memory than a request may have"
	}
	writeError(w, fail(status, "%s", text))
}

// writeError answers with an error.
func writeError(w http.ResponseWriter, err error) {
	status, text := statusOf(err)
	body, _ := json.Marshal(map[string]string{"error": text})
	w.Header().Set("Content-Type", "application/json")
	switch status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	case http.StatusRequestTimeout:
		w.Header().Set("Connection", "close")
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	}
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

package scopehttp

import (
	"io"
	"net/http"
)

// Abilities of a ResponseWriter that code looks for with type assertions.
const (
	canFlush = 1 << iota
	canHijack
	canReadFrom
	canPush
	canNotify
)

func abilities(w http.ResponseWriter) (all int) {
	if _, ok := w.(http.Flusher); ok {
		all |= canFlush
	}
	if _, ok := w.(http.Hijacker); ok {
		all |= canHijack
	}
	if _, ok := w.(io.ReaderFrom); ok {
		all |= canReadFrom
	}
	if _, ok := w.(http.Pusher); ok {
		all |= canPush
	}
	if _, ok := w.(closeNotifier); ok {
		all |= canNotify
	}
	return all
}

// as returns w with exactly these abilities: an interface that is implemented without
// being supported misleads those who ask for it.
func (w *writer) as(abilities int) http.ResponseWriter {
	f, h, r, p, n := flusher{w}, hijacker{w}, readerFrom{w}, pusher{w}, notifier{w}
	switch abilities {
	case canFlush:
		return struct {
			*writer
			flusher
		}{w, f}
	case canHijack:
		return struct {
			*writer
			hijacker
		}{w, h}
	case canFlush | canHijack:
		return struct {
			*writer
			flusher
			hijacker
		}{w, f, h}
	case canReadFrom:
		return struct {
			*writer
			readerFrom
		}{w, r}
	case canFlush | canReadFrom:
		return struct {
			*writer
			flusher
			readerFrom
		}{w, f, r}
	case canHijack | canReadFrom:
		return struct {
			*writer
			hijacker
			readerFrom
		}{w, h, r}
	case canFlush | canHijack | canReadFrom:
		return struct {
			*writer
			flusher
			hijacker
			readerFrom
		}{w, f, h, r}
	case canPush:
		return struct {
			*writer
			pusher
		}{w, p}
	case canFlush | canPush:
		return struct {
			*writer
			flusher
			pusher
		}{w, f, p}
	case canHijack | canPush:
		return struct {
			*writer
			hijacker
			pusher
		}{w, h, p}
	case canFlush | canHijack | canPush:
		return struct {
			*writer
			flusher
			hijacker
			pusher
		}{w, f, h, p}
	case canReadFrom | canPush:
		return struct {
			*writer
			readerFrom
			pusher
		}{w, r, p}
	case canFlush | canReadFrom | canPush:
		return struct {
			*writer
			flusher
			readerFrom
			pusher
		}{w, f, r, p}
	case canHijack | canReadFrom | canPush:
		return struct {
			*writer
			hijacker
			readerFrom
			pusher
		}{w, h, r, p}
	case canFlush | canHijack | canReadFrom | canPush:
		return struct {
			*writer
			flusher
			hijacker
			readerFrom
			pusher
		}{w, f, h, r, p}
	case canNotify:
		return struct {
			*writer
			notifier
		}{w, n}
	case canFlush | canNotify:
		return struct {
			*writer
			flusher
			notifier
		}{w, f, n}
	case canHijack | canNotify:
		return struct {
			*writer
			hijacker
			notifier
		}{w, h, n}
	case canFlush | canHijack | canNotify:
		return struct {
			*writer
			flusher
			hijacker
			notifier
		}{w, f, h, n}
	case canReadFrom | canNotify:
		return struct {
			*writer
			readerFrom
			notifier
		}{w, r, n}
	case canFlush | canReadFrom | canNotify:
		return struct {
			*writer
			flusher
			readerFrom
			notifier
		}{w, f, r, n}
	case canHijack | canReadFrom | canNotify:
		return struct {
			*writer
			hijacker
			readerFrom
			notifier
		}{w, h, r, n}
	case canFlush | canHijack | canReadFrom | canNotify:
		return struct {
			*writer
			flusher
			hijacker
			readerFrom
			notifier
		}{w, f, h, r, n}
	case canPush | canNotify:
		return struct {
			*writer
			pusher
			notifier
		}{w, p, n}
	case canFlush | canPush | canNotify:
		return struct {
			*writer
			flusher
			pusher
			notifier
		}{w, f, p, n}
	case canHijack | canPush | canNotify:
		return struct {
			*writer
			hijacker
			pusher
			notifier
		}{w, h, p, n}
	case canFlush | canHijack | canPush | canNotify:
		return struct {
			*writer
			flusher
			hijacker
			pusher
			notifier
		}{w, f, h, p, n}
	case canReadFrom | canPush | canNotify:
		return struct {
			*writer
			readerFrom
			pusher
			notifier
		}{w, r, p, n}
	case canFlush | canReadFrom | canPush | canNotify:
		return struct {
			*writer
			flusher
			readerFrom
			pusher
			notifier
		}{w, f, r, p, n}
	case canHijack | canReadFrom | canPush | canNotify:
		return struct {
			*writer
			hijacker
			readerFrom
			pusher
			notifier
		}{w, h, r, p, n}
	case canFlush | canHijack | canReadFrom | canPush | canNotify:
		return struct {
			*writer
			flusher
			hijacker
			readerFrom
			pusher
			notifier
		}{w, f, h, r, p, n}
	}
	return w
}

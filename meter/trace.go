package meter

import (
	"encoding/json"
	"io"
	"strconv"
	"sync"
	"time"
)

// tracer writes a trace: lines such as
//
//	{"t":1520,"op":"begin","scope":2,"in":1}
//	{"t":1730,"op":"alloc","scope":2,"size":4096,"align":8}
//	{"t":1811,"op":"alloc","scope":2,"size":99999999,"align":8,"error":"…"}
//	{"t":1930,"op":"end","scope":2}
//
// where t is in nanoseconds since the first line. Scope 0 is outside all. A nil tracer
// does nothing.
type tracer struct {
	w io.Writer

	mu     sync.Mutex
	line   []byte
	start  time.Time
	scopes uint64
	err    error
}

// begin writes the begin of a scope and returns its number.
func (t *tracer) begin(parent uint64) uint64 {
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.scopes++
	t.op("begin", t.scopes)
	t.number("in", parent)
	t.write()
	return t.scopes
}

func (t *tracer) alloc(scope uint64, size, align uintptr, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.op("alloc", scope)
	t.number("size", uint64(size))
	t.number("align", uint64(align))
	if err != nil {
		text, _ := json.Marshal(err.Error()) // of a string, which does not fail
		t.line = append(append(t.line, `,"error":`...), text...)
	}
	t.write()
}

func (t *tracer) end(scope uint64) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.op("end", scope)
	t.write()
}

// op begins a line. t.mu is held, here and below.
func (t *tracer) op(name string, scope uint64) {
	if t.start.IsZero() {
		t.start = time.Now()
	}
	t.line = append(t.line[:0], `{"t":`...)
	t.line = strconv.AppendInt(t.line, time.Since(t.start).Nanoseconds(), 10)
	t.line = append(append(append(t.line, `,"op":"`...), name...), '"')
	t.number("scope", scope)
}

func (t *tracer) number(key string, n uint64) {
	t.line = append(append(append(t.line, `,"`...), key...), `":`...)
	t.line = strconv.AppendUint(t.line, n, 10)
}

func (t *tracer) write() {
	if t.err == nil {
		t.line = append(t.line, "}\n"...)
		_, t.err = t.w.Write(t.line)
	}
}

// failure returns the error of the writer, if there was one.
func (t *tracer) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// mark is a region's open scope in a trace. It begins with what first happens in it, as
// package scope opens some regions only to release them.
type mark struct {
	t      *tracer
	parent *mark // of the region around; may be nil

	mu   sync.Mutex
	open bool
	id   uint64 // 0 until it begins
}

// number returns the number of the scope, which begins if it has not; 0 if none is open.
func (k *mark) number() uint64 {
	if k == nil || k.t == nil {
		return 0
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.open && k.id == 0 {
		k.id = k.t.begin(k.parent.number())
	}
	return k.id
}

// start says that a scope is open.
func (k *mark) start() {
	k.mu.Lock()
	k.open = true
	k.mu.Unlock()
}

// end says that it is not any more; one in which nothing happened is traced if so told.
func (k *mark) end(empty bool) {
	if empty {
		k.number()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.id != 0 {
		k.t.end(k.id)
	}
	k.open, k.id = false, 0
}

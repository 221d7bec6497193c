package scope

import (
	"errors"
	"fmt"
	"io"
)

// ErrTooLong is matched by the error of a [ReadFrom] that found more than its limit.
var ErrTooLong = errors.New("input is longer than the limit")

// ReadFrom appends to b what r has until io.EOF, which is not returned as an error, but no
// more than limit bytes: if r has more, the error matches [ErrTooLong]. It returns how many
// bytes it appended. Memory that is exhausted is an error too, one that matches
// [ErrExhausted]; it and any error of r leave in b what was read before.
//
// Use it for a request body whose length is not known, or not to be trusted: memory follows
// what has arrived.
func ReadFrom(b *Builder[byte], r io.Reader, limit int) (n int, err error) {
	if limit < 0 {
		panic(misuse("ReadFrom with limit %d", limit))
	}
	b.check("ReadFrom into")
	begin := len(b.elems)
	for empty := 0; ; empty++ {
		if len(b.elems) == cap(b.elems) {
			if err := b.growWithin(limit - n); err != nil {
				return n, err
			}
		}
		room := b.elems[len(b.elems):cap(b.elems)]
		if limit-n < len(room) {
			room = room[:limit-n+1] // one more, to see that it is too long
		}
		got, err := r.Read(room)
		if got < 0 || got > len(room) {
			panic(misuse("ReadFrom: %T.Read returned %d for %d bytes", r, got, len(room)))
		}
		b.check("ReadFrom into")
		b.elems = b.elems[:len(b.elems)+got]
		n += got
		switch {
		case n > limit:
			b.elems = b.elems[:begin+limit]
			return limit, fmt.Errorf("scope: ReadFrom: %w of %d bytes", ErrTooLong, limit)
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		case got > 0:
			empty = 0
		case empty >= maxEmptyReads:
			return n, io.ErrNoProgress
		}
	}
}

const (
	firstRead     = 512 // bytes of room for the first Read, as in io.ReadAll
	maxEmptyReads = 100 // in a row, as in bufio
)

// growWithin makes room for some bytes more, but not for many more than could be needed.
func (b *Builder[T]) growWithin(most int) error {
	have := cap(b.elems)
	want := max(have, firstRead)
	if most < want {
		want = most + 1
	}
	old, err := b.take(have + want)
	if err != nil && want > firstRead {
		old, err = b.take(have + firstRead)
	}
	b.release(old)
	return err
}

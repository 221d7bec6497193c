package input

import (
	"context"
	"errors"
)

// ErrInterrupted is returned by [Await] if the context ended before the work.
var ErrInterrupted = errors.New("interrupted")

// Await returns what work returns, or ErrInterrupted as soon as ctx ends. No call of the
// operating system that waits for a pipe, and no decoder, can be interrupted: the work
// goes on unobserved until the program ends, which is what an interrupted program does
// next.
func Await[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1) // with room: nobody may be listening
	go func() {
		value, err := work()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return *new(T), ErrInterrupted
	}
}

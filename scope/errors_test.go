package scope_test

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/scope"
)

func TestExhaustedError(t *testing.T) {
	err := error(&scope.ExhaustedError{Allocator: "x.Buffer", Requested: 3, Available: 2, Limit: 1})
	require.EqualError(t, err, "x.Buffer: out of memory: 3 bytes requested, 2 available, limit 1")
	require.ErrorIs(t, err, scope.ErrExhausted)
	require.NotErrorIs(t, err, io.EOF)
	require.NotErrorIs(t, err, scope.ErrStale)

	require.Equal(t, []error{scope.ErrExhausted}, err.(*scope.ExhaustedError).Unwrap())

	outside := &scope.ExhaustedError{Allocator: "x.Buffer", Outside: 1}
	require.EqualError(t, outside, "x.Buffer: out of memory: 0 bytes requested, 0 available, limit 0; 1 bytes allocated outside every scope stay until Reset")

	pieces := &scope.ExhaustedError{Allocator: "x.Buffer", Requested: 9, Available: 4, Idle: 10, Limit: 20}
	require.EqualError(t, pieces, "x.Buffer: out of memory: 9 bytes requested, 4 available in one piece (10 in all), limit 20")
	pieces.Available = 10
	require.EqualError(t, pieces, "x.Buffer: out of memory: 9 bytes requested, 10 available, limit 20", "all is one piece")

	caused := error(&scope.ExhaustedError{Allocator: "x.Buffer", Cause: io.EOF})
	require.EqualError(t, caused, "x.Buffer: out of memory: 0 bytes requested, 0 available, limit 0: EOF")
	require.ErrorIs(t, caused, scope.ErrExhausted)
	require.ErrorIs(t, caused, io.EOF)
}

func TestStaleError(t *testing.T) {
	err := error(&scope.StaleError{What: "x: At of a 3×4 array", End: "ended at f.go:1 (main.f)", Fix: "copy it"})
	require.EqualError(t, err, "x: At of a 3×4 array whose scope has ended at f.go:1 (main.f); copy it")
	require.ErrorIs(t, err, scope.ErrStale)
	require.NotErrorIs(t, err, scope.ErrExhausted)
}

func TestTry(t *testing.T) {
	full := &scope.ExhaustedError{Allocator: "x"}
	require.NoError(t, scope.Try(func() error { return nil }))
	require.Equal(t, io.EOF, scope.Try(func() error { return io.EOF }))
	require.Equal(t, full, scope.Try(func() error { panic(full) }))
	wrapped := errors.Join(io.EOF, full)
	require.Equal(t, wrapped, scope.Try(func() error { panic(wrapped) }))
	require.PanicsWithValue(t, io.EOF, func() { _ = scope.Try(func() error { panic(io.EOF) }) })
	require.PanicsWithValue(t, "text", func() { _ = scope.Try(func() error { panic("text") }) })
}

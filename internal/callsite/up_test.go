package callsite_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/callsite"
)

type many[T any] struct{ _ T }

//go:noinline
func (many[T]) user() (uintptr, int) { return callsite.User(), line() }

// TestUser: User names the line of the innermost call, of generic functions and of those
// that are inlined too.
func TestUser(t *testing.T) {
	for name, call := range map[string]func() (uintptr, int){
		"plain":   func() (uintptr, int) { return callsite.User(), line() },
		"generic": many[float64]{}.user,
		"goroutine": func() (uintptr, int) {
			pcs := make(chan uintptr)
			go func() { pcs <- callsite.User() }()
			return <-pcs, line() - 1
		},
	} {
		for range 2 {
			pc, line := call()
			require.Regexp(t, fmt.Sprintf(`up_test\.go:%d \(%s`, line, this), callsite.Place(pc), name)
		}
	}
}

// TestUserAllocatesNothing: a place that was seen before costs no object.
func TestUserAllocatesNothing(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() { callsite.User() }))
}

func BenchmarkUser(b *testing.B) {
	for b.Loop() {
		callsite.User()
	}
}

func BenchmarkCaller(b *testing.B) {
	for b.Loop() {
		callsite.Caller(0)
	}
}

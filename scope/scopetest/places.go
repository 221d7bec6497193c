package scopetest

import (
	"context"
	"strings"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// checkPlaces ends scopes in functions of known names.
func checkPlaces(new func() bumper.Buffer) {
	buf := new()
	stamp := func() scope.Stamp {
		b, err := buf.Alloc(8, 8)
		require(err == nil, "Alloc(8, 8): %v", err)
		return b.Stamp
	}
	cp := buf.Checkpoint()
	s := stamp()
	endsByRestore(buf, cp)
	endedIn(s, "endsByRestore")

	ctx := scope.WithAllocator(context.Background(), buf)
	_ = scope.NoEscape(ctx, endsByReturn(func() { s = stamp() }))
	endedIn(s, "endsByReturn")

	s = stamp()
	endsByReset(buf)
	endedIn(s, "endsByReset")
}

func endsByRestore(buf bumper.Buffer, cp memory.Checkpoint) {
	require(buf.Restore(cp) == nil, "Restore in order fails")
}

func endsByReset(buf bumper.Buffer) {
	require(buf.Reset() == nil, "Reset fails")
}

func endsByReturn(f func()) func(context.Context) error {
	return func(context.Context) error { f(); return nil }
}

// endedIn checks that the report of s's end names the function.
func endedIn(s scope.Stamp, function string) {
	end := s.End()
	require(strings.HasPrefix(end, "ended at ") && strings.Contains(end, "places.go:") && strings.Contains(end, function),
		"a scope ended in %s reports %q", function, end)
}

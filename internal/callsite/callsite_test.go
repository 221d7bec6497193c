package callsite_test

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/callsite"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

const this = "github.com/allocarrays/allocarrays-go/internal/callsite_test."

// called returns the place skip calls up from here. It is small, so the compiler
// inlines it.
func called(skip int) string { return callsite.Place(callsite.Caller(skip)) }

//go:noinline
func calledOutOfLine(skip int) string { return callsite.Place(callsite.Caller(skip)) }

// method is called through an interface, by a wrapper that the compiler makes.
type method struct{}

func (method) called(skip int) string { return callsite.Place(callsite.Caller(skip)) }

func generic[T any](skip int, _ T) string { return callsite.Place(callsite.Caller(skip)) }

// TestCaller: Caller and Place name the line, whether or not calls are inlined.
func TestCaller(t *testing.T) {
	var through interface{ called(int) string } = new(method)
	for name, call := range map[string]func(skip int) (place string, line int){
		"inlined":     func(skip int) (string, int) { return called(skip), line() },
		"out of line": func(skip int) (string, int) { return calledOutOfLine(skip), line() },
		"interface":   func(skip int) (string, int) { return through.called(skip), line() },
		"generic":     func(skip int) (string, int) { return generic(skip, 1.5), line() },
		"deferred": func(skip int) (place string, at int) {
			defer func() { place, at = called(skip), line() }()
			return "", 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			place, line := call(1)
			require.Regexp(t, fmt.Sprintf(`^/?\S+callsite_test\.go:%d \(%s\S*\)$`, line, regexp.QuoteMeta(this+"TestCaller")), place)
			place, _ = call(0)
			require.Regexp(t, `callsite_test\.go:\d+ \(\S*(called|generic)\S*\)$`, place, "the line of Caller itself")
		})
	}
}

//go:noinline
func note(pc *uintptr) { *pc = callsite.Caller(1) }

// TestCallerLastInLine: the line is that of the call, also if the code of the next line
// follows the call at once.
func TestCallerLastInLine(t *testing.T) {
	var pcs [3]uintptr
	want := line() + 1
	note(&pcs[0])
	note(&pcs[1])
	note(&pcs[2])
	for i, pc := range pcs {
		require.Contains(t, callsite.Place(pc), fmt.Sprintf("callsite_test.go:%d ", want+i))
	}
}

// line returns the line that calls it.
func line() int {
	_, _, line, _ := runtime.Caller(1)
	return line
}

func TestUnknown(t *testing.T) {
	require.Zero(t, callsite.Caller(1000))
	require.Equal(t, "an unknown place", callsite.Place(0))
	require.Equal(t, "an unknown place", callsite.Place(1), "no code")
	var none callsite.Stack
	require.True(t, none.Empty())
	require.Nil(t, none.Callers())
	require.Empty(t, callsite.Frames(nil))
	require.Equal(t, "\tan unknown place", callsite.Text(nil))
}

//go:noinline
func deep(s *callsite.Stack, n int) int {
	if n == 0 {
		s.Capture()
		return 1
	}
	return deep(s, n-1) + 1 // not a tail call
}

// TestStack: a stack is kept innermost first, up to Depth calls, and a second Capture
// leaves nothing of the first.
func TestStack(t *testing.T) {
	var s callsite.Stack
	deep(&s, 100)
	require.False(t, s.Empty())
	require.Len(t, s.Callers(), callsite.Depth)
	for _, f := range callsite.Frames(s.Callers()) {
		require.Equal(t, this+"deep", f.Function)
	}
	deep(&s, 2)
	require.Less(t, len(s.Callers()), callsite.Depth)
	frames := callsite.Frames(s.Callers())
	require.Equal(t, this+"TestStack", frames[3].Function)
	text := callsite.Text(s.Callers())
	require.Regexp(t, `^(\t\S+callsite_test\.go:\d+ \(\S+\.deep\)\n){3}\t\S+callsite_test\.go:\d+ \(\S+\.TestStack\)\n\t`, text)
	require.Equal(t, len(frames), len(strings.Split(text, "\n")), "a line for each call, and no newline at the end")
	copied := s.Callers()
	copied[0] = 0
	require.False(t, s.Empty(), "Callers is a copy")
}

// recorder is a source that keeps the stack of the last Acquire.
type recorder struct{ at callsite.Stack }

func (r *recorder) Acquire(size int) ([]byte, error) {
	r.at.Capture()
	return bumper.GoHeap().Acquire(size)
}

func (r *recorder) Release([]byte) {}

//go:noinline
func userCode(ctx context.Context) { scope.Make[byte](ctx, 10)[9] = 1 }

// TestFrames: the calls within the allocators are left out at the inner end and only
// there; if there are no others, they are all that is shown.
func TestFrames(t *testing.T) {
	source := new(recorder)
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer(bumper.From(source)))
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error { userCode(ctx); return nil }))

	frames := callsite.Frames(source.at.Callers())
	require.Contains(t, frames[0].Function, "Acquire", "a source of others is not ours to leave out")
	frames = callsite.Frames(source.at.Callers()[1:])
	require.Equal(t, this+"userCode", frames[0].Function)
	var names []string
	for _, f := range frames {
		names = append(names, f.Function)
	}
	require.Contains(t, names, "github.com/allocarrays/allocarrays-go/scope.NoEscape")

	inside := source.at.Callers()[1:3] // of the buffer and of package scope
	frames = callsite.Frames(inside)
	require.Contains(t, frames[0].Function, "allocarrays-go/bumper.")
	require.GreaterOrEqual(t, len(frames), 2)
}

// TestAllocations: to keep a place or a stack costs no object.
func TestAllocations(t *testing.T) {
	testenv.NeedAllocationCounts(t)
	var s callsite.Stack
	var pc uintptr
	require.Zero(t, testing.AllocsPerRun(100, func() {
		s.Capture()
		pc = callsite.Caller(1)
	}))
	require.NotZero(t, pc)
}

// TestImports: every package of the module may import this one.
func TestImports(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the go tool")
	}
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, 1, strings.Count(string(out), "allocarrays-go/"), string(out))
}

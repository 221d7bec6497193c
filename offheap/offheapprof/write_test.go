package offheapprof_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/offheap"
	"github.com/allocarrays/allocarrays-go/offheap/offheapprof"
	"github.com/allocarrays/allocarrays-go/scope"
)

//go:noinline
func loadWeights(t *testing.T, heap *offheap.Heap) []byte {
	return alloc(t, heap.Label("weights"), 3000)
}

//go:noinline
func scratch(t *testing.T, heap *offheap.Heap) []byte { return alloc(t, heap, 500) }

func alloc(t *testing.T, heap *offheap.Heap, size int) []byte {
	mem, err := heap.Alloc(size)
	require.NoError(t, err)
	return mem
}

// filled returns a heap with two sites, of which one has two labels.
func filled(t *testing.T) *offheap.Heap {
	heap := offheap.NewHeap("", bumper.GoHeap())
	for range 4 {
		loadWeights(t, heap)
		scratch(t, heap)
	}
	scratch(t, heap.Label("request"))
	require.NoError(t, heap.Free(scratch(t, heap)))
	return heap
}

// line is a sample as one would say it.
type line struct {
	function, label string
	objects, bytes  int64
}

func parse(t *testing.T, r io.Reader) (*profile.Profile, []line) {
	p, err := profile.Parse(r)
	require.NoError(t, err)
	require.NoError(t, p.CheckValid())
	var lines []line
	for _, s := range p.Sample {
		l := line{objects: s.Value[0], bytes: s.Value[1]}
		for _, loc := range s.Location { // the innermost of this file but the helper
			name := loc.Line[0].Function.Name
			if l.function == "" && !strings.HasSuffix(name, ".alloc") {
				l.function = name[strings.LastIndex(name, ".")+1:]
				require.Contains(t, loc.Line[0].Function.Filename, "write_test.go")
				require.Positive(t, loc.Line[0].Line)
			}
		}
		if len(s.Label["label"]) > 0 {
			l.label = s.Label["label"][0]
		}
		lines = append(lines, l)
	}
	return p, lines
}

func TestWrite(t *testing.T) {
	heap := filled(t)
	var b bytes.Buffer
	require.NoError(t, offheapprof.Write(&b, heap, heap.Label("again")), "a block is counted once")
	p, lines := parse(t, &b)
	require.Equal(t, []line{
		{"loadWeights", "weights", 4, 12000},
		{"scratch", "", 4, 2000},
		{"scratch", "request", 1, 500},
	}, lines)
	require.Equal(t, "inuse_space", p.DefaultSampleType)
	require.Equal(t, "inuse_objects/count inuse_space/bytes", p.SampleType[0].Type+"/"+p.SampleType[0].Unit+" "+p.SampleType[1].Type+"/"+p.SampleType[1].Unit)
	require.Positive(t, p.TimeNanos)
	_ = heap.Close()
}

// TestInScope: what asked for the memory of a buffer is shown, also inside a scope,
// and what passed the request on is not.
func TestInScope(t *testing.T) {
	heap := offheap.NewHeap("", bumper.GoHeap())
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer(bumper.From(heap)))
	var b bytes.Buffer
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		inScope(ctx)
		return offheapprof.Write(&b, heap)
	})
	require.NoError(t, err)
	p, lines := parse(t, &b)
	require.Equal(t, []line{{"inScope", "", 1, bumper.DefaultSlabSize}}, lines)
	require.Contains(t, p.Sample[0].Location[0].Line[0].Function.Name, "inScope")
}

//go:noinline
func inScope(ctx context.Context) { scope.Make[byte](ctx, 10)[0] = 1 }

func TestEmpty(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, offheapprof.Write(&b))
	_, lines := parse(t, &b)
	require.Empty(t, lines)
}

type broken struct{}

var errBroken = errors.New("broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteError(t *testing.T) {
	err := offheapprof.Write(broken{}, filled(t))
	require.ErrorIs(t, err, errBroken)
	require.ErrorContains(t, err, "offheapprof: ")
}

func TestHandler(t *testing.T) {
	other := offheap.NewHeap("other", bumper.GoHeap())
	scratch(t, other)
	w := httptest.NewRecorder()
	offheapprof.Handler(filled(t), other).ServeHTTP(w, httptest.NewRequest("GET", "/debug/pprof/offheap", nil))
	require.Equal(t, 200, w.Code)
	require.Equal(t, "application/octet-stream", w.Header().Get("Content-Type"))
	_, lines := parse(t, w.Body)
	require.Len(t, lines, 4)
	require.Contains(t, lines, line{"scratch", "other", 1, 500})
}

// TestPprof: the tool that is meant to read it does.
func TestPprof(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the go tool")
	}
	var b bytes.Buffer
	require.NoError(t, offheapprof.Write(&b, filled(t)))
	file := filepath.Join(t.TempDir(), "offheap.pb.gz")
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o600))
	out, err := exec.Command("go", "tool", "pprof", "-top", "-cum", file).CombinedOutput()
	require.NoError(t, err, string(out))
	text := string(out)
	t.Log(text)
	require.Contains(t, text, "Type: inuse_space")
	require.Regexp(t, `11\.72kB\s+\S+\s+\S*offheapprof_test\.loadWeights`, text)
	require.Regexp(t, `2\.44kB\s+\S+\s+\S*offheapprof_test\.scratch`, text)
	require.NotContains(t, text, "offheap.(*Heap)", "who asked is of interest, not who answered")
}

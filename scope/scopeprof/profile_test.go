package scopeprof_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/scopeprof"
	"github.com/allocarrays/allocarrays-go/scope/scopetest"
)

func TestWrapper(t *testing.T) {
	scopetest.TestWrapper(t, scopeprof.New(1).Around)
}

//go:noinline
func weights(ctx context.Context) allocarray.AllocArray[float64] {
	return allocarray.New[float64](ctx, 1000)
}

//go:noinline
func scratch(ctx context.Context) []byte { return scope.Make[byte](ctx, 500) }

// read returns the values of all samples whose stack has a function, by sample type.
func read(t *testing.T, p *scopeprof.Profile, function string) map[string]int64 {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, p.Write(&file))
	parsed, err := profile.Parse(&file)
	require.NoError(t, err)
	require.NoError(t, parsed.CheckValid())
	require.Equal(t, "inuse_space", parsed.DefaultSampleType)
	values := map[string]int64{}
	for _, s := range parsed.Sample {
		for _, l := range s.Location {
			if strings.HasSuffix(l.Line[0].Function.Name, "."+function) {
				for i, v := range s.Value {
					values[parsed.SampleType[i].Type] += v
				}
				break
			}
		}
	}
	return values
}

// TestExact: with rate 1, each block is in the profile, in use as long as its scope; in every
// kind of scope, behind a meter, and across goroutines.
func TestExact(t *testing.T) {
	for name, a := range map[string]scope.Allocator{
		"buffer":    bumper.NewSlabBuffer(),
		"locked":    locked.Share(bumper.NewSlabBuffer()),
		"isolating": locked.Share(bumper.NewSlabBuffer(bumper.Isolating())),
		"meter":     meter.New(locked.Share(bumper.NewSlabBuffer())),
	} {
		t.Run(name, func(t *testing.T) {
			p := scopeprof.New(1)
			ctx := scope.WithAllocator(t.Context(), p.Around(a))
			for i := range int64(3) {
				require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
					weights(ctx)
					require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
						scratch(ctx)
						require.Equal(t, map[string]int64{"alloc_objects": i + 1, "alloc_space": 500 * (i + 1), "inuse_objects": 1, "inuse_space": 500},
							read(t, p, "scratch"))
						return nil
					}))
					require.Equal(t, int64(8000), read(t, p, "weights")["inuse_space"])
					require.Zero(t, read(t, p, "scratch")["inuse_space"])
					return nil
				}))
				require.Zero(t, read(t, p, "weights")["inuse_objects"])
				require.Equal(t, 8000*(i+1), read(t, p, "weights")["alloc_space"])
			}
			ctx, s := scope.Open(ctx)
			weights(ctx)
			require.Equal(t, int64(8000), read(t, p, "weights")["inuse_space"])
			require.NoError(t, s.End())
			require.Zero(t, read(t, p, "weights")["inuse_space"])
		})
	}
}

// TestBeginsWithTheUser: the innermost call is the one that asked for memory, not one of the
// allocators.
func TestBeginsWithTheUser(t *testing.T) {
	p := scopeprof.New(1)
	scratch(scope.WithAllocator(t.Context(), p.Around(bumper.NewSlabBuffer())))
	var file bytes.Buffer
	require.NoError(t, p.Write(&file))
	parsed, err := profile.Parse(&file)
	require.NoError(t, err)
	require.Len(t, parsed.Sample, 1)
	require.Contains(t, parsed.Sample[0].Location[0].Line[0].Function.Name, "scopeprof_test.scratch")
}

// TestSampled: a profile that leaves blocks out is near the truth, for small and large ones.
func TestSampled(t *testing.T) {
	p := scopeprof.New(10_000)
	ctx := scope.WithAllocator(t.Context(), p.Around(bumper.NewSlabBuffer()))
	const n = 40_000
	for range n {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			scratch(ctx)
			weights(ctx)
			return nil
		}))
	}
	require.InEpsilon(t, n*500, read(t, p, "scratch")["alloc_space"], 0.2) // about 2000 samples: 9 deviations
	require.InEpsilon(t, n*8000, read(t, p, "weights")["alloc_space"], 0.1)
	require.InEpsilon(t, n, read(t, p, "weights")["alloc_objects"], 0.1)
	require.Zero(t, read(t, p, "weights")["inuse_space"])
}

// TestManyGoroutines share a profile, while others read it.
func TestManyGoroutines(t *testing.T) {
	p := scopeprof.New(1)
	ctx := scope.WithAllocator(t.Context(), p.Around(locked.Share(bumper.NewSlabBuffer())))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				_ = scope.NoEscape(ctx, func(ctx context.Context) error { scratch(ctx); return nil })
			}
		})
	}
	for range 10 {
		read(t, p, "scratch")
	}
	wg.Wait()
	require.Equal(t, map[string]int64{"alloc_objects": 4000, "alloc_space": 2_000_000, "inuse_objects": 0, "inuse_space": 0}, read(t, p, "scratch"))
}

// TestHeapIsNeverInUse: nobody says when the heap's memory is free.
func TestHeapIsNeverInUse(t *testing.T) {
	p := scopeprof.New(1)
	scratch(scope.WithAllocator(t.Context(), p.Around(scope.Heap())))
	require.Equal(t, map[string]int64{"alloc_objects": 1, "alloc_space": 500, "inuse_objects": 0, "inuse_space": 0}, read(t, p, "scratch"))
}

func TestMistakes(t *testing.T) {
	require.PanicsWithValue(t, "scopeprof: New with rate -1", func() { scopeprof.New(-1) })
	require.PanicsWithValue(t, "scopeprof: Around a nil Allocator", func() { scopeprof.New(0).Around(nil) })
	require.ErrorContains(t, scopeprof.New(0).Write(broken{}), "scopeprof: ")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

// TestPprofReadsIt: the tool that users have shows the function.
func TestPprofReadsIt(t *testing.T) {
	p := scopeprof.New(1)
	w := httptest.NewRecorder()
	weights(scope.WithAllocator(t.Context(), p.Around(bumper.NewSlabBuffer())))
	p.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, "application/octet-stream", w.Header().Get("Content-Type"))
	file := filepath.Join(t.TempDir(), "scopes.pb.gz")
	require.NoError(t, os.WriteFile(file, w.Body.Bytes(), 0o600))
	out, err := exec.Command("go", "tool", "pprof", "-top", file).CombinedOutput()
	if err != nil && strings.Contains(string(out), "no such tool") {
		t.Skip("this Go has no pprof")
	}
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "weights")
	require.Contains(t, string(out), "7.81kB")
}

package backend_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/onnx/internal/backend"
	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/scope"
)

// unpack returns the files of an archive of the data folder.
func unpack(t *testing.T, name string) fs.FS {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	f, err := os.Open(filepath.Join(testenv.Data(t, "onnx"), name))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	files := fstest.MapFS{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		if h.Typeflag == tar.TypeReg {
			b, err := io.ReadAll(r)
			require.NoError(t, err)
			files[path.Clean(h.Name)] = &fstest.MapFile{Data: b}
		}
	}
}

// TestNodeTests runs ONNX's tests of single operators. What is not supported is listed; what is allocates nothing, again
// and again, unless its shapes depend on data.
func TestNodeTests(t *testing.T) {
	files := unpack(t, "node-tests.tgz")
	page, results, err := backend.Scoreboard(files)
	require.NoError(t, err)
	totals, unsupported := outcomes(t, results)
	assert.Equal(t, nodeTotals, totals)
	assert.Equal(t, strings.Fields(nodeUnsupported), unsupported)
	have, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "onnx-operators.md"))
	require.NoError(t, err)
	assert.Equal(t, page, string(have), "run onnx verify -scoreboard docs/onnx-operators.md on the folder of the node tests")
	t.Run("allocations", func(t *testing.T) { withoutAllocations(t, files) })
}

// TestPyTorchTests runs ONNX's tests of models that were converted.
func TestPyTorchTests(t *testing.T) {
	files := unpack(t, "pytorch-tests.tgz")
	list, err := backend.Find(files)
	require.NoError(t, err)
	var results []backend.Result
	for _, dir := range list {
		results = append(results, backend.Run(files, dir))
	}
	totals, unsupported := outcomes(t, results)
	assert.Equal(t, map[string]int{backend.Pass: 127}, totals)
	assert.Empty(t, unsupported)
}

// outcomes returns the totals, and the operators that are not supported.
func outcomes(t *testing.T, results []backend.Result) (totals map[string]int, unsupported []string) {
	totals, operators := map[string]int{}, map[string]bool{}
	for _, r := range results {
		totals[r.Status]++
		if r.Status == backend.Unsupported {
			operator, _, _ := strings.Cut(r.Reason, ":")
			operator, _, _ = strings.Cut(operator, ";")
			operators[operator] = true
		}
		assert.NotEqual(t, backend.Fail, r.Status, "%s: %s", r.Name, r.Reason)
	}
	return totals, slices.Sorted(maps.Keys(operators))
}

func withoutAllocations(t *testing.T, files fs.FS) {
	testenv.NeedAllocationCounts(t)
	list, err := backend.Find(files)
	require.NoError(t, err)
	measured := 0
	for _, dir := range list {
		p, in, err := backend.Load(files, dir)
		if _, ok := errors.AsType[*engine.UnsupportedError](err); ok {
			continue
		}
		require.NoError(t, err, dir)
		plan, err := p.Plan(in)
		require.NoError(t, err, dir)
		if plan.Late > 0 {
			continue
		}
		ctx := scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
		run := func(ctx context.Context) error {
			r, err := p.Run(ctx, in)
			if err == nil {
				r.Release()
			}
			return err
		}
		n := testing.AllocsPerRun(3, func() { err = errors.Join(err, scope.NoEscape(ctx, run)) })
		require.NoError(t, err, dir)
		if n > 0 {
			t.Errorf("%s: %v allocations", path.Base(dir), n)
		}
		measured++
	}
	assert.Greater(t, measured, 1200)
}

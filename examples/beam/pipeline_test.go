package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx" // registers the runners
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/idx"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, data, 0o644))
}

// writeSet writes a set as two files, the one of the images gzipped.
func writeSet(t testing.TB, dir, name string, set digits.Set) {
	t.Helper()
	d := idx.Data{Images: set.Images, Labels: set.Labels, Rows: digits.Size, Cols: digits.Size, N: set.Len()}
	var plain, packed, labels bytes.Buffer
	require.NoError(t, idx.EncodeImages(&plain, d))
	z := gzip.NewWriter(&packed)
	_, err := z.Write(plain.Bytes())
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoError(t, idx.EncodeLabels(&labels, set.Labels))
	write(t, filepath.Join(dir, name+"-images-idx3-ubyte"), packed.Bytes())
	write(t, filepath.Join(dir, name+"-labels-idx1-ubyte"), labels.Bytes())
}

// drawn returns a drawing as a picture, four times as large.
func drawn(t *testing.T, pixels []byte) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 4*digits.Size, 4*digits.Size))
	for y := range 4 * digits.Size {
		for x := range 4 * digits.Size {
			img.SetGray(x, y, color.Gray{255 - pixels[y/4*digits.Size+x/4]})
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func records(t *testing.T, path string) map[string][]string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	r := csv.NewReader(f)
	all, err := r.ReadAll()
	require.NoError(t, err)
	byName := make(map[string][]string, len(all))
	for _, rec := range all {
		byName[rec[0]] = rec[1:]
	}
	require.Len(t, byName, len(all), "some are there twice")
	return byName
}

// TestRunners: on both runners that a program carries with it, sets, pictures and broken
// files give what one process gives.
func TestRunners(t *testing.T) {
	dir := t.TempDir()
	set := digits.Generate(300, 4)
	writeSet(t, dir, "some", set)
	for i := range 10 {
		write(t, filepath.Join(dir, strconv.Itoa(int(set.Labels[i])), fmt.Sprintf("%d-images.png", i)), drawn(t, set.Image(i)))
	}
	write(t, filepath.Join(dir, "cut-images.png"), drawn(t, set.Image(0))[:90])
	write(t, filepath.Join(dir, "empty-images"), nil)
	lone := digits.Generate(3, 5)
	writeSet(t, dir, "odd", lone)
	var two bytes.Buffer
	require.NoError(t, idx.EncodeLabels(&two, lone.Labels[:2]))
	write(t, filepath.Join(dir, "odd-labels-idx1-ubyte"), two.Bytes())

	want := plain(t, worker(t, 1), set.Images)
	for _, runner := range []string{"prism", "direct"} {
		t.Run(runner, func(t *testing.T) {
			out := t.TempDir()
			// Beam's patterns do not go into folders: the pictures are left to the next test.
			o := Options{filepath.Join(dir, "*images*"), weights, out, 32}
			_, err := beam.Run(t.Context(), runner, Build(o))
			require.NoError(t, err)

			got := records(t, filepath.Join(out, resultsFile))
			require.Len(t, got, set.Len())
			for i, p := range want {
				require.Equal(t, []string{strconv.Itoa(p.Digit), strconv.FormatFloat(float64(p.Probability), 'g', -1, 32), strconv.Itoa(int(set.Labels[i]))},
					got[fmt.Sprintf("%s#%05d", filepath.Join(dir, "some-images-idx3-ubyte"), i)])
			}
			problems := records(t, filepath.Join(out, problemsFile))
			require.Len(t, problems, 3)
			require.Contains(t, problems[filepath.Join(dir, "cut-images.png")][0], "picture: ")
			require.Contains(t, problems[filepath.Join(dir, "odd-images-idx3-ubyte")][0], "3 images, but 2 labels")
			summary, err := os.ReadFile(filepath.Join(out, summaryFile))
			require.NoError(t, err)
			require.Regexp(t, `^images    300\naccuracy  \d+\.\d\d % of the 300 with a label\na batch   .*\nproblems  3\n$`, string(summary))

			pictures := t.TempDir()
			o = Options{filepath.Join(dir, "*", "*.png"), weights, pictures, 4}
			_, err = beam.Run(t.Context(), runner, Build(o))
			require.NoError(t, err)
			got = records(t, filepath.Join(pictures, resultsFile))
			require.Len(t, got, 10)
			for name, rec := range got {
				require.Equal(t, filepath.Base(filepath.Dir(name)), rec[2], "the label is the folder")
			}
			require.NoFileExists(t, filepath.Join(pictures, problemsFile))
		})
	}
}

// TestMNIST: the 70,000 images of the real database, in one process and on the runner.
func TestMNIST(t *testing.T) {
	if testing.Short() {
		t.Skip("classifies 70,000 images")
	}
	dir := testenv.Data(t, "mnist")
	out := t.TempDir()
	_, err := beam.Run(t.Context(), "prism", Build(Options{filepath.Join(dir, "*images-idx3-ubyte*"), weights, out, 64}))
	require.NoError(t, err)
	got := records(t, filepath.Join(out, resultsFile))
	require.Len(t, got, 70_000)
	c := worker(t, 64)
	for file, set := range map[string]idx.Set{"train": idx.Train, "t10k": idx.Test} {
		data, err := idx.Load(dir, set)
		require.NoError(t, err)
		for i, p := range plain(t, c, data.Images) {
			require.Equal(t, []string{strconv.Itoa(p.Digit), strconv.FormatFloat(float64(p.Probability), 'g', -1, 32), strconv.Itoa(int(data.Labels[i]))},
				got[fmt.Sprintf("%s#%05d", filepath.Join(dir, file+"-images-idx3-ubyte.gz"), i)])
		}
	}
	require.NoFileExists(t, filepath.Join(out, problemsFile))
}

// TestNothingMatches: a pattern without files is an error that names it.
func TestNothingMatches(t *testing.T) {
	pattern := filepath.Join(t.TempDir(), "none*")
	_, err := beam.Run(t.Context(), "direct", Build(Options{pattern, weights, t.TempDir(), 1}))
	require.ErrorContains(t, err, pattern)
}

func TestFolderLabel(t *testing.T) {
	for name, want := range map[string]int{
		"/a/7/x.png": 7, "0/x.png": 0, `C:\scans\3\x.png`: 3, "gs://b/9/x.png": 9,
		"x.png": -1, "/a/12/x.png": -1, "/a/x/7.png": -1,
	} {
		require.Equal(t, want, folderLabel(name), name)
	}
}

func TestLines(t *testing.T) {
	require.Equal(t, `a.png,3,0.5,`, resultLine(Result{"a.png", -1, 3, 0.5}))
	require.Equal(t, `"a,b",0,1,7`, resultLine(Result{"a,b", 7, 0, 1}))
	require.Equal(t, `x,"say ""no"""`, problemLine(Problem{"x", `say "no"`}))
	require.Equal(t, "/a/b", in("/a/", "b"))
	require.Equal(t, "gs://a/b", in("gs://a", "b"))
	require.False(t, strings.HasSuffix(record("a"), "\n"))
}

// BenchmarkPipeline runs the whole program: what it takes without images is the runner's, and
// what an image adds is that of the runner's coders, its shuffles and the model.
func BenchmarkPipeline(b *testing.B) {
	for _, n := range []int{1, 10_000, 40_000} {
		b.Run(fmt.Sprint("images=", n), func(b *testing.B) {
			dir := b.TempDir()
			set := digits.Generate(n, 6)
			for from := 0; from < n; from += 10_000 { // sets of 10,000 images, as MNIST's
				to := min(from+10_000, n)
				writeSet(b, dir, strconv.Itoa(from), digits.Set{
					Images: set.Images[from*digits.Size*digits.Size : to*digits.Size*digits.Size], Labels: set.Labels[from:to]})
			}
			for b.Loop() {
				_, err := beam.Run(b.Context(), "prism", Build(Options{filepath.Join(dir, "*images*"), weights, b.TempDir(), 64}))
				require.NoError(b, err)
			}
		})
	}
}

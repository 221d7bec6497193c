package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// tests writes a folder of backend tests: three that pass, in folders of any depth, one that fails, one
// that is not supported, one without data, one with half a model.
func tests(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	vector := func(v ...float32) []byte { return initializer("", tensor.Float, []int{len(v)}, floats(v...)) }
	relu := file([]node{{name: "n", op: "Relu", in: []string{"x"}, out: []string{"y"}}}, nil, []port{{"x", tensor.Float, []int{2}}}, []port{{"y", tensor.Float, []int{2}}})
	for name, out := range map[string][]float32{"test_deep": {0, 2}, "onnx/backend/test_deeper": {0, 2}, "onnx/backend/data/test_<html>": {0, 2}, "onnx/test_wrong": {0, 3}} {
		put(t, dir, name+"/model.onnx", relu)
		put(t, dir, name+"/test_data_set_0/input_0.pb", vector(-1, 2))
		put(t, dir, name+"/test_data_set_0/output_0.pb", vector(out...))
	}
	put(t, dir, "test_nodata/model.onnx", relu)
	put(t, dir, "test_half/model.onnx", relu[:len(relu)/2])
	put(t, dir, "test_unknown/model.onnx", bytes.Replace(relu, []byte("Relu"), []byte("Ulre"), 1))
	put(t, dir, "README", []byte("no test"))
	return dir
}

// archived packs a folder.
func archived(t testing.TB, dir string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "../escape", Typeflag: tar.TypeReg, Mode: 0o600, Size: 1}))
	_, err := w.Write([]byte{0})
	require.NoError(t, err)
	require.NoError(t, w.AddFS(os.DirFS(dir)))
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	return put(t, t.TempDir(), "tests.tgz", b.Bytes())
}

func TestVerify(t *testing.T) {
	dir := tests(t)
	type line struct{ Name, Status, Reason string }
	for _, from := range []string{dir, archived(t, dir)} {
		status, stdout, problems := onnx(t, "verify", "-json", from)
		require.Equal(t, 1, status, "tests fail")
		require.Empty(t, problems)
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		require.Len(t, lines, 8)
		have := map[string]line{}
		for _, text := range lines[:7] {
			var l line
			d := json.NewDecoder(strings.NewReader(text))
			d.DisallowUnknownFields()
			require.NoError(t, d.Decode(&l))
			require.Regexp(t, `^\{"name":".*","status":".*","reason":".*"\}$`, text)
			have[l.Name] = l
		}
		for _, name := range []string{"test_deep", "test_deeper", "test_<html>"} {
			require.Equal(t, line{name, "pass", ""}, have[name])
		}
		for name, want := range map[string]line{
			"test_wrong": {"", "fail", "output 0: "}, "test_nodata": {"", "fail", "no data"}, "test_half": {"", "fail", "malformed model"},
			"test_unknown": {"", "unsupported", "Ulre"},
		} {
			require.Equal(t, want.Status, have[name].Status, name)
			require.Contains(t, have[name].Reason, want.Reason, name)
		}
		require.JSONEq(t, `{"pass":3,"fail":3,"unsupported":1}`, lines[7])

		status, stdout, _ = onnx(t, "verify", from)
		require.Equal(t, 1, status)
		require.Contains(t, stdout, "pass        test_deeper\n")
		require.Regexp(t, `(?m)^fail        test_wrong output 0: .+$`, stdout)
		require.True(t, strings.HasSuffix(stdout, "\n3 pass, 3 fail, 1 unsupported\n"))

		status, stdout, _ = onnx(t, "verify", "-q", "-run", "deep|unknown", from)
		require.Zero(t, status)
		require.Equal(t, "unsupported    1 Ulre\n2 pass, 0 fail, 1 unsupported\n", stdout)
	}
	status, stdout, problems := onnx(t, "verify", filepath.Join(dir, "onnx", "backend", "test_deeper"))
	require.Zero(t, status, problems)
	require.Equal(t, "pass        test_deeper\n1 pass, 0 fail, 0 unsupported\n", stdout)

	page := filepath.Join(t.TempDir(), "page.md")
	status, stdout, problems = onnx(t, "verify", "-scoreboard", page, filepath.Join(dir, "onnx", "backend"))
	require.Zero(t, status, problems)
	require.Empty(t, stdout)
	b, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(b), "Relu")
}

func TestVerifyErrors(t *testing.T) {
	dir := tests(t)
	for name, c := range map[string]struct {
		status int
		args   []string
		want   string
	}{
		"missing":     {1, []string{filepath.Join(dir, "none")}, "none"},
		"empty":       {1, []string{t.TempDir()}, "there are no tests"},
		"none match":  {1, []string{"-run", "zzz", dir}, `no test matches -run "zzz"`},
		"a text":      {1, []string{filepath.Join(dir, "README")}, "neither a folder nor a .tgz archive"},
		"half a tgz":  {1, []string{put(t, t.TempDir(), "half.tgz", half(t, archived(t, dir)))}, "neither a folder nor a .tgz archive"},
		"an operator": {2, []string{"-run", "(", dir}, "-run"},
		"two kinds":   {2, []string{"-json", "-q", dir}, "only one"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, problems := onnx(t, append([]string{"verify"}, c.args...)...)
			require.Equal(t, c.status, status)
			require.Empty(t, stdout)
			require.Contains(t, problems, c.want)
		})
	}
}

func half(t testing.TB, name string) []byte {
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return b[:len(b)/2]
}

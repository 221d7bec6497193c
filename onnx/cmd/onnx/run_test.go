package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/npy"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/safetensors"
)

// npyFile encodes an array.
func npyFile[T allocarray.Storage](t testing.TB, a allocarray.AllocArray[T]) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, npy.Write(&b, a))
	return b.Bytes()
}

func npyFloats(t testing.TB, shape []int, v ...float32) []byte {
	return npyFile(t, allocarray.Wrap(v, shape...))
}

// safetensorsFile encodes tensors.
func safetensorsFile(t testing.TB, list ...safetensors.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, safetensors.Encode(&b, list, nil))
	return b.Bytes()
}

// npzFile encodes arrays of floats.
func npzFile(t testing.TB, compressed bool, arrays map[string][]float32) []byte {
	t.Helper()
	var b bytes.Buffer
	z := npy.NewArchiveWriter(&b, compressed)
	for name, v := range arrays {
		require.NoError(t, npy.WriteArray(z, name, allocarray.Wrap(v, len(v))))
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func readFloats(t testing.TB, path string) ([]int, []float32) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	a, err := npy.Read[float32](context.Background(), f)
	require.NoError(t, err)
	return a.Shape(), a.Data()
}

// TestTypes: each type that files have goes in and out as it was, through each format.
func TestTypes(t *testing.T) {
	raw := make([]byte, 48)
	for i := range raw {
		raw[i] = byte(i*37 + 1)
	}
	for typ, dtype := range types {
		t.Run(typ.String(), func(t *testing.T) {
			dir := t.TempDir()
			data := raw[:6*dtype.Size()]
			if typ == tensor.Bool {
				data = []byte{1, 0, 0, 1, 1, 0}
			}
			model := put(t, dir, "m.onnx", identity(typ, -1, 2))
			in := put(t, dir, "in.safetensors", safetensorsFile(t, safetensors.NewTensor("x", dtype, []int{3, 2}, data)))
			want := safetensorsFile(t, safetensors.NewTensor("y", dtype, []int{3, 2}, data))
			from := in
			for _, format := range []string{"npy", "npz", "safetensors"} {
				if typ == tensor.BFloat16 && format != "safetensors" {
					status, _, problems := onnx(t, "run", "-in", in, "-out", filepath.Join(dir, "out."+format), model)
					require.Equal(t, 1, status)
					require.Contains(t, problems, `output "y" is bfloat16[3,2], a type that .`+format+" files do not have")
					require.NoFileExists(t, filepath.Join(dir, "out."+format))
					continue
				}
				out := filepath.Join(dir, "out."+format)
				status, _, problems := onnx(t, "run", "-in", "x="+from, "-out", out, model)
				require.Zero(t, status, problems)
				require.Empty(t, problems)
				from = out // the next reads what this has written
			}
			have, err := os.ReadFile(from)
			require.NoError(t, err)
			require.Equal(t, want, have)
		})
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	two := put(t, dir, "sum.onnx", sum())
	one := put(t, dir, "identity.onnx", identity(tensor.Float, -1, 3))
	scalar := put(t, dir, "scalar.onnx", identity(tensor.Float))
	a := put(t, dir, "a.npy", npyFloats(t, []int{3}, 1, 2, 3))
	b := put(t, dir, "b.npy", npyFloats(t, []int{3}, 10, 20, 30))
	both := put(t, dir, "both.npz", npzFile(t, true, map[string][]float32{"a": {1, 2, 3}, "b": {10, 20, 30}}))
	part := put(t, dir, "part.safetensors", safetensorsFile(t, safetensors.From("b", []int{3}, []float32{10, 20, 30})))
	for name, c := range map[string]struct {
		args []string
		want []float32
	}{
		"a file each":             {[]string{"-in", "a=" + a, "-in", "b=" + b}, []float32{11, 22, 33}},
		"an archive":              {[]string{"-in", both}, []float32{11, 22, 33}},
		"two formats":             {[]string{"-in", "a=" + a, "-in", part}, []float32{11, 22, 33}},
		"one tensor for another":  {[]string{"-in", "a=" + part, "-in", "b=" + a}, []float32{11, 22, 33}},
		"zeros of a shape":        {[]string{"-in", "b=" + b, "-shape", "a=3"}, []float32{10, 20, 30}},
		"memory that is just so":  {[]string{"-in", both, "-memory", "1"}, []float32{11, 22, 33}},
		"the end of flags by two": {[]string{"-in", both, "--"}, []float32{11, 22, 33}},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "sum.npy")
			args := append(append([]string{"run", "-out", "sum=" + out}, c.args...), two)
			status, stdout, problems := onnx(t, args...)
			require.Zero(t, status, problems)
			require.Empty(t, stdout)
			shape, have := readFloats(t, out)
			require.Equal(t, []int{3}, shape)
			require.Equal(t, c.want, have)
		})
	}

	status, stdout, problems := onnx(t, "run", "-in", both, two)
	require.Zero(t, status, problems)
	require.Equal(t, "sum float[3]\ndifference float[3]\n", stdout)

	status, _, problems = onnx(t, "run", "-in", "b="+put(t, dir, "c.npy", npyFloats(t, []int{1}, 1)), two)
	require.Zero(t, status, problems)
	require.Equal(t, "input \"a\" is zeros: float[1]\n", problems)

	out := filepath.Join(dir, "out.npz")
	status, _, problems = onnx(t, "run", "-in", both, "-out", out, "-out", "difference="+filepath.Join(dir, "d.npy"), two)
	require.Zero(t, status, problems)
	content, err := os.ReadFile(out)
	require.NoError(t, err)
	z, err := npy.OpenArchive(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	require.Equal(t, []string{"sum", "difference"}, z.Names())
	_, have := readFloats(t, filepath.Join(dir, "d.npy"))
	require.Equal(t, []float32{-9, -18, -27}, have)

	// Fortran order and a scalar.
	turned := put(t, dir, "turned.npy", npyFile(t, allocarray.Wrap([]float32{1, 2, 3, 4, 5, 6}, 3, 2).Transpose()))
	status, _, problems = onnx(t, "run", "-in", turned, "-out", filepath.Join(dir, "t.npy"), one)
	require.Zero(t, status, problems)
	shape, have := readFloats(t, filepath.Join(dir, "t.npy"))
	require.Equal(t, []int{2, 3}, shape)
	require.Equal(t, []float32{1, 3, 5, 2, 4, 6}, have)
	single := put(t, dir, "single.npy", npyFile(t, allocarray.Wrap([]float32{7}, 1).Squeeze()))
	status, _, problems = onnx(t, "run", "-in", single, "-out", filepath.Join(dir, "s.npy"), scalar)
	require.Zero(t, status, problems)
	shape, have = readFloats(t, filepath.Join(dir, "s.npy"))
	require.Empty(t, shape)
	require.Equal(t, []float32{7}, have)
}

// TestRunErrors: whatever is wrong is said with its name, the status is 1 or 2, and no file is touched.
func TestRunErrors(t *testing.T) {
	dir := t.TempDir()
	two := put(t, dir, "sum.onnx", sum())
	one := put(t, dir, "identity.onnx", identity(tensor.Float, -1, 3))
	hugeModel := put(t, dir, "huge.onnx", identity(tensor.Float, 1<<20, 1<<20))
	overflow := put(t, dir, "overflow.onnx", identity(tensor.Float, math.MaxInt, math.MaxInt))
	grows := put(t, dir, "grows.onnx", file([]node{{name: "grow", op: "Expand", in: []string{"x", "shape"}, out: []string{"y"}}},
		[][]byte{initializer("shape", tensor.Int64, []int{2}, append(binary.LittleEndian.AppendUint64(nil, 1<<20), binary.LittleEndian.AppendUint64(nil, 1<<11)...))},
		[]port{{"x", tensor.Float, []int{1}}}, []port{{"y", tensor.Float, []int{-1, -1}}}))
	unknown := put(t, dir, "unknown.onnx", file([]node{{name: "why", op: "Frobnicate", in: []string{"x"}, out: []string{"y"}}, {name: "too", domain: "com.example", op: "Whirl", in: []string{"y"}, out: []string{"z"}}},
		nil, []port{{"x", tensor.Float, []int{1}}}, []port{{"z", tensor.Float, []int{1}}}))
	odd := put(t, dir, "odd.onnx", file([]node{{name: "the sum", op: "Add", in: []string{"x", "y"}, out: []string{"z"}}}, nil,
		[]port{{"x", tensor.Float, []int{2}}, {"y", tensor.Float, []int{3}}}, []port{{"z", tensor.Float, []int{-1}}}))
	text := put(t, dir, "text.onnx", []byte("no model, but a text of some length"))
	empty := put(t, dir, "empty.onnx", nil)
	good := npyFloats(t, []int{3}, 1, 2, 3)
	a := put(t, dir, "a.npy", good)
	cut := put(t, dir, "cut.npy", good[:len(good)-1])
	more := put(t, dir, "more.npy", append(good[:len(good):len(good)], 0))
	doubles := put(t, dir, "doubles.npy", npyFile(t, allocarray.Wrap([]float64{1}, 1)))
	complexes := put(t, dir, "complex.npy", bytes.Replace(good, []byte("<f4"), []byte("<c8"), 1))
	big := put(t, dir, "big.npy", bytes.Replace(good, []byte("<f4"), []byte(">f4"), 1))
	huge := put(t, dir, "huge.npy", bytes.Replace(good, []byte("(3,), }            "), []byte("(1000000000000,), }"), 1))
	square := put(t, dir, "square.npy", npyFloats(t, []int{2, 2}, 1, 2, 3, 4))
	vector := put(t, dir, "vector.npy", npyFloats(t, []int{2}, 1, 2))
	zip := npzFile(t, false, map[string][]float32{"a": {1, 2, 3}, "q": {1}})
	wrongName := put(t, dir, "names.npz", zip)
	brokenZip := put(t, dir, "broken.npz", zip[:len(zip)-30])
	flipped := bytes.Clone(npzFile(t, false, map[string][]float32{"a": {1, 2, 3}}))
	flipped[bytes.Index(flipped, []byte("\n"))+1] ^= 1
	checksum := put(t, dir, "checksum.npz", flipped)
	bomb := put(t, dir, "bomb.npz", npzFile(t, true, map[string][]float32{"a": make([]float32, 1<<20)}))
	booleans := put(t, dir, "booleans.onnx", identity(tensor.Bool, -1))
	notBool := put(t, dir, "two.safetensors", safetensorsFile(t, safetensors.NewTensor("x", safetensors.U8, []int{2}, []byte{1, 2})))
	maybeBool := put(t, dir, "maybe.safetensors", safetensorsFile(t, safetensors.NewTensor("x", safetensors.Bool, []int{2}, []byte{1, 2})))
	before := listed(t, dir)
	for name, c := range map[string]struct {
		status int
		args   []string
		want   string
	}{
		"no model":               {2, []string{}, "want MODEL"},
		"two models":             {2, []string{two, one}, "2 arguments"},
		"a flag too late":        {2, []string{two, "-in", a}, "behind the flags"},
		"an unknown flag":        {2, []string{"-frob", two}, "-frob"},
		"no value":               {2, []string{"-in"}, "-in"},
		"an empty name":          {2, []string{"-in", "", two}, "want a file"},
		"a bad shape":            {2, []string{"-shape", "a", two}, "want NAME=1,3,320,320"},
		"a negative extent":      {2, []string{"-shape", "a=3,-1", two}, `"-1" is no extent`},
		"a word":                 {2, []string{"-shape", "a=x", two}, `"x" is no extent`},
		"a shape twice":          {2, []string{"-shape", "a=3", "-shape", "a=4", two}, "has a shape already"},
		"a bad binding":          {2, []string{"-bind", "a=1.5", two}, "want NAME=16000"},
		"no memory":              {2, []string{"-memory", "0", two}, "want a number of MiB"},
		"an odd memory":          {2, []string{"-memory", "9999999999999999", two}, "want a number of MiB"},
		"a shape of nothing":     {1, []string{"-shape", "q=1", two}, `there is no input "q"; the model takes "a" float[n], "b" float[n]`},
		"binding nothing":        {1, []string{"-bind", "q=1", two}, `no input "q"`},
		"binding a float":        {1, []string{"-bind", "a=1", two}, "-bind a=1: the input is float"},
		"a shape and a file":     {1, []string{"-shape", "a=3", "-in", "a=" + a, two}, "has the shape that it has in"},
		"missing":                {1, []string{filepath.Join(dir, "none.onnx")}, "none.onnx"},
		"a folder":               {1, []string{dir}, "is a folder"},
		"a text":                 {1, []string{text}, "text.onnx: onnx: malformed model"},
		"an empty file":          {1, []string{empty}, "empty.onnx: onnx: malformed model"},
		"unknown operators":      {1, []string{unknown}, "2 nodes are not supported:\n\tnode \"why\": Frobnicate of opset 21\n\tnode \"too\": com.example.Whirl"},
		"a huge model input":     {1, []string{hugeModel}, "bytes of inputs are more than -memory 4096 allows"},
		"one beyond all memory":  {1, []string{overflow}, "is too large"},
		"a huge output":          {1, []string{"-memory", "8", grows}, "limit of the buffer reached; -memory "},
		"a missing input":        {1, []string{"-in", "a=none.npy", two}, "none.npy"},
		"a name that is none":    {1, []string{"-in", "q=none.npy", two}, `no input "q"; the model takes "a" float[n]`},
		"an input that is none":  {1, []string{"-in", dir, two}, "is a folder"},
		"a device":               {1, []string{"-in", "a=" + os.DevNull, two}, "neither a file nor a pipe"},
		"for which input":        {1, []string{"-in", a, two}, "for which input? Say -in NAME=" + a},
		"an input twice":         {1, []string{"-in", "a=" + a, "-in", "a=" + a, two}, `input "a" is in ` + a + ", too"},
		"the wrong type":         {1, []string{"-in", "a=" + doubles, two}, `it has double for input "a", which is float`},
		"no type of ours":        {1, []string{"-in", "a=" + complexes, two}, `"<c8"`},
		"big-endian":             {1, []string{"-in", "a=" + big, two}, `">f4"`},
		"cut off":                {1, []string{"-in", "a=" + cut, two}, "cut.npy: npy: "},
		"more behind":            {1, []string{"-in", "a=" + more, two}, "1 bytes more"},
		"a size that is no size": {1, []string{"-in", "a=" + huge, two}, "1000000000000"},
		"an array as a tensor":   {1, []string{"-in", "a=" + two, two}, "no .npy and no .npz file, and as a third: safetensors: "},
		"the wrong rank":         {1, []string{"-in", "a=" + square, two}, `input "a" is float[2,2], want [n]`},
		"the wrong extent":       {1, []string{"-in", square, one}, `input "x" is float[2,2], want [n,3]`},
		"shapes at odds":         {1, []string{"-in", "a=" + a, "-in", "b=" + vector, two}, `input "b" is float[2], where "n" is 3`},
		"nodes at odds":          {1, []string{odd}, `node "the sum" (Add, opset 21)`},
		"a name too many":        {1, []string{"-in", wrongName, two}, `it has "q", and the model takes "a"`},
		"two for one":            {1, []string{"-in", "a=" + wrongName, two}, "2 arrays"},
		"a broken archive":       {1, []string{"-in", brokenZip, two}, "broken.npz: npy: archive"},
		"a wrong checksum":       {1, []string{"-in", checksum, two}, "checksum"},
		"an archive that swells": {1, []string{"-in", bomb, "-memory", "1", two}, "limit of the buffer reached; -memory "},
		"bytes for booleans":     {1, []string{"-in", notBool, booleans}, `it has uint8 for input "x", which is bool`},
		"neither true nor false": {1, []string{"-in", maybeBool, booleans}, "a boolean is 0 or 1"},
		"no format":              {2, []string{"-out", "out.txt", two}, "want a name that ends in .npy, .npz or .safetensors"},
		"no such output":         {2, []string{"-out", "q=out", two}, `one of the outputs "sum", "difference"`},
		"two outputs in one":     {2, []string{"-out", "out.npy", two}, "say -out NAME=out.npy, or choose .npz"},
		"an output twice":        {2, []string{"-out", "out.npz", "-out", "out.npz", two}, "named before"},
		"nowhere to write":       {1, []string{"-out", filepath.Join(dir, "none", "out.npz"), two}, "write " + filepath.Join(dir, "none", "out.npz")},
		"a folder to write":      {1, []string{"-out", "sum=" + folder(t), two}, "is a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, problems := onnx(t, append([]string{"run"}, c.args...)...)
			require.Contains(t, problems, c.want)
			require.Contains(t, problems, "onnx run: ")
			require.Equal(t, c.status, status, problems)
			require.Empty(t, stdout)
			require.Equal(t, before, listed(t, dir))
		})
	}
}

// folder returns a folder whose name ends like a file's.
func folder(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "x.npy")
	require.NoError(t, os.Mkdir(name, 0o755))
	return name
}

// TestUsage: every command says what it wants.
func TestUsage(t *testing.T) {
	status, stdout, problems := onnx(t)
	require.Equal(t, 2, status)
	require.Empty(t, stdout)
	require.Equal(t, usage, problems)
	status, _, problems = onnx(t, "frob")
	require.Equal(t, 2, status)
	require.Contains(t, problems, `no command "frob"`)
	status, stdout, _ = onnx(t, "help")
	require.Zero(t, status)
	require.Equal(t, usage, stdout)
	source, err := os.ReadFile("main.go")
	require.NoError(t, err)
	for name := range commands {
		require.Contains(t, usage, "onnx "+name)
		require.Contains(t, string(source), "//\tonnx "+name)
		status, stdout, problems = onnx(t, name, "-h")
		require.Zero(t, status)
		require.Empty(t, problems)
		require.Contains(t, stdout, "usage: onnx "+name+" [flags] ")
		status, _, problems = onnx(t, name)
		require.Equal(t, 2, status)
		require.Contains(t, problems, "onnx "+name+": 0 arguments")
		if name != "verify" {
			status, _, problems = onnx(t, name, "nothere")
			require.Equal(t, 1, status)
			require.Contains(t, problems, "nothere")
		}
	}
}

// TestReplaced: a file is there as it was until it is there as it shall be.
func TestReplaced(t *testing.T) {
	dir := t.TempDir()
	name := put(t, dir, "file", []byte("before"))
	require.NoError(t, os.Chmod(name, 0o640))
	c := &call{ctx: t.Context(), files: &files{}}
	content := func() string {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		return string(b)
	}
	err := c.create(name, func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		require.NoError(t, err)
		require.Equal(t, "before", content())
		return io.ErrShortWrite
	})
	require.ErrorIs(t, err, io.ErrShortWrite)
	require.Equal(t, "before", content())
	require.Equal(t, []string{"file"}, listed(t, dir))

	require.NoError(t, c.create(name, func(w io.Writer) error {
		_, err := io.WriteString(w, "after")
		return err
	}))
	require.Equal(t, "after", content())
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())

	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(name, link))
	require.NoError(t, c.create(link, func(w io.Writer) error { return nil }))
	require.Empty(t, content())

	err = c.create(name, func(w io.Writer) error {
		_, err := io.WriteString(w, "interrupted")
		require.NoError(t, err)
		c.files.abandon()
		require.Equal(t, []string{"file"}, listed(t, dir))
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, c.create(name, func(w io.Writer) error { return nil }), context.Canceled)
	require.Empty(t, content())
	require.Equal(t, []string{"file"}, listed(t, dir))
}

// TestMapToStandardOutput: without a file a map goes there.
func TestMapToStandardOutput(t *testing.T) {
	status, stdout, problems := onnx(t, "map", put(t, t.TempDir(), "m.onnx", sum()))
	require.Zero(t, status, problems)
	require.True(t, strings.HasPrefix(stdout, "<svg"))
}

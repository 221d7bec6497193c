package npy_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/npy"
)

// numPy returns a Python that has NumPy. ALLOCARRAYS_NUMPY=yes says that there must be one.
func numPy(t testing.TB) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} { // Debian's, before any other
		if exec.Command(python, "-c", "import numpy").Run() == nil {
			return python
		}
	}
	if os.Getenv("ALLOCARRAYS_NUMPY") == "yes" {
		t.Fatal("no python3 with NumPy")
	}
	t.Skip("no python3 with NumPy: on Debian, apt-get install python3-numpy")
	return ""
}

func script(t testing.TB, args ...string) string {
	t.Helper()
	python := numPy(t)
	out, err := exec.Command(python, append([]string{filepath.Join("testdata", "golden.py")}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// TestReadsNumPy: what NumPy writes is read, or an error says why not.
func TestReadsNumPy(t *testing.T) {
	dir := t.TempDir()
	lines := strings.Split(strings.TrimSpace(script(t, "write", dir)), "\n")
	require.Greater(t, len(lines), 230)
	for _, line := range lines {
		fields := strings.SplitN(line, " ", 4)
		name, kind, shape, what := fields[0], fields[1], parseShape(t, fields[2]), fields[3]
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		switch what {
		case "good":
			readGood(t, name, kind, shape, text)
		case "strided":
			a := read[int64](t, name, text)
			require.Equal(t, [][]int64{{0, 3}, {12, 15}}, [][]int64{a.Index(0, 0).Data(), a.Index(0, 1).Data()})
		case "special":
			want := []float64{math.Float64frombits(0x7ff8 << 48), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 5e-324}
			for i, v := range read[float64](t, name, text).Data() {
				require.Equal(t, math.Float64bits(want[i]), math.Float64bits(v), "%v", v)
			}
		case "two":
			r := bytes.NewReader(text)
			a, err := npy.Read[int16](t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, 5, a.Len())
			b, err := npy.Read[float64](t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, []int{2, 3}, b.Shape())
			require.Zero(t, r.Len())
		default:
			_, err := npy.Read[float64](t.Context(), bytes.NewReader(text))
			require.ErrorContains(t, err, what, name)
		}
	}
	for _, name := range []string{"stored.npz", "compressed.npz"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		z, err := npy.OpenArchive(bytes.NewReader(text), int64(len(text)))
		require.NoError(t, err)
		require.Equal(t, []string{"a", "b/c", "d"}, z.Names())
		h, err := z.Header("b/c")
		require.NoError(t, err)
		require.Equal(t, "<i8", h.Descr)
		a, err := npy.ReadArray[float32](t.Context(), z, "a")
		require.NoError(t, err)
		requireValues(t, name, a, []int{2, 3}, 100)
		c, err := npy.ReadArray[int64](t.Context(), z, "b/c")
		require.NoError(t, err)
		requireValues(t, name, c, []int{3, 1}, 100)
		d, err := npy.ReadArray[uint8](t.Context(), z, "d")
		require.NoError(t, err)
		requireValues(t, name, d, []int{70000}, 2)
	}
}

func parseShape(t *testing.T, text string) []int {
	shape := []int{}
	if text == "-" {
		return shape
	}
	for d := range strings.SplitSeq(text, "x") {
		n, err := strconv.Atoi(d)
		require.NoError(t, err)
		shape = append(shape, n)
	}
	return shape
}

func read[T allocarray.Storage](t *testing.T, name string, text []byte) allocarray.AllocArray[T] {
	t.Helper()
	a, err := npy.Read[T](t.Context(), bytes.NewReader(text))
	require.NoError(t, err, name)
	b, err := npy.Read[T](t.Context(), bytes.NewBuffer(text)) // whose size nobody asks for
	require.NoError(t, err, name)
	require.Equal(t, written(t, a), written(t, b), name) // NaN is unequal to itself
	return a
}

func readGood(t *testing.T, name, kind string, shape []int, text []byte) {
	t.Helper()
	switch kind {
	case "int8":
		requireValues(t, name, read[int8](t, name, text), shape, 100)
	case "int16":
		requireValues(t, name, read[int16](t, name, text), shape, 100)
	case "int32":
		requireValues(t, name, read[int32](t, name, text), shape, 100)
	case "int64":
		requireValues(t, name, read[int64](t, name, text), shape, 100)
		requireValues(t, name, read[int](t, name, text), shape, 100)
	case "uint8":
		requireValues(t, name, read[uint8](t, name, text), shape, 100)
	case "uint16":
		requireValues(t, name, read[uint16](t, name, text), shape, 100)
	case "uint32":
		requireValues(t, name, read[uint32](t, name, text), shape, 100)
	case "uint64":
		requireValues(t, name, read[uint64](t, name, text), shape, 100)
		requireValues(t, name, read[uint](t, name, text), shape, 100)
	case "float16":
		h := read[allocarray.Float16](t, name, text)
		requireValues(t, name, allocarray.Convert[float32](t.Context(), h), shape, 100)
	case "float32":
		requireValues(t, name, read[float32](t, name, text), shape, 100)
	case "float64":
		requireValues(t, name, read[float64](t, name, text), shape, 100)
	case "bool":
		requireValues(t, name, read[uint8](t, name, text), shape, 2)
	default:
		t.Fatal(kind)
	}
}

// requireValues checks that a has the numbers 0, 1, … modulo m.
func requireValues[T allocarray.Element](t *testing.T, name string, a allocarray.AllocArray[T], shape []int, m int) {
	t.Helper()
	require.Equal(t, shape, append([]int{}, a.Shape()...), name)
	for i, v := range a.Clone(t.Context()).Data() {
		if v != T(i%m) {
			t.Fatalf("%s: element %d is %v", name, i, v)
		}
	}
}

// TestNumPyReadsOurs: NumPy reads what we write.
func TestNumPyReadsOurs(t *testing.T) {
	dir := t.TempDir()
	var list strings.Builder
	writeFiles[int8](t, dir, &list, "int8")
	writeFiles[int16](t, dir, &list, "int16")
	writeFiles[int32](t, dir, &list, "int32")
	writeFiles[int64](t, dir, &list, "int64")
	writeFiles[int](t, dir, &list, "int64")
	writeFiles[uint8](t, dir, &list, "uint8")
	writeFiles[uint16](t, dir, &list, "uint16")
	writeFiles[uint32](t, dir, &list, "uint32")
	writeFiles[uint64](t, dir, &list, "uint64")
	writeFiles[uint](t, dir, &list, "uint64")
	writeFiles[float32](t, dir, &list, "float32")
	writeFiles[float64](t, dir, &list, "float64")
	name := fmt.Sprintf("%d.npy", strings.Count(list.String(), "\n"))
	half := written(t, allocarray.Convert[allocarray.Float16](t.Context(), numbers[float32](t, 100, 5, 7)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), half, 0o600))
	fmt.Fprintln(&list, name, "- float16 5x7")
	for _, compressed := range []bool{false, true} {
		var out bytes.Buffer
		z := npy.NewArchiveWriter(&out, compressed)
		require.NoError(t, npy.WriteArray(z, "a", numbers[float32](t, 100, 2, 3)))
		require.NoError(t, npy.WriteArray(z, "b/c", numbers[int64](t, 100, 70000)))
		require.NoError(t, z.WriteBool("d", numbers[uint8](t, 2, 5, 7)))
		require.NoError(t, z.Close())
		name := fmt.Sprintf("%v.npz", compressed)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), out.Bytes(), 0o600))
		fmt.Fprintf(&list, "%s a float32 2x3\n%s b/c int64 70000\n%s d bool 5x7\n", name, name, name)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "list.txt"), []byte(list.String()), 0o600))
	require.Equal(t, strconv.Itoa(strings.Count(list.String(), "\n")), strings.TrimSpace(script(t, "check", dir)))
}

func numbers[T allocarray.Element](t *testing.T, m int, shape ...int) allocarray.AllocArray[T] {
	a := allocarray.New[T](t.Context(), shape...)
	for i := range a.Data() {
		a.Data()[i] = T(i % m)
	}
	return a
}

func writeFiles[T allocarray.Element](t *testing.T, dir string, list *strings.Builder, kind string) {
	write := func(a allocarray.AllocArray[T]) {
		name := fmt.Sprintf("%d.npy", strings.Count(list.String(), "\n"))
		var out bytes.Buffer
		require.NoError(t, npy.Write(&out, a))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), out.Bytes(), 0o600))
		shape := "-"
		if a.Rank() > 0 {
			shape = strings.Trim(strings.ReplaceAll(fmt.Sprint(a.Shape()), " ", "x"), "[]")
		}
		fmt.Fprintln(list, name, "-", kind, shape)
	}
	for _, shape := range [][]int{{}, {0}, {1}, {5}, {70000}, {2, 3}, {3, 1}, {2, 3, 4}, {3, 0, 2}, {1, 2, 1, 2, 1, 2, 1, 3}} {
		a := numbers[T](t, 100, shape...)
		write(a)
		write(a.Transpose().Clone(t.Context()).Transpose()) // in Fortran order
	}
	wide := allocarray.New[T](t.Context(), 4, 9, 2)
	view := wide.SliceStep(1, 0, 9, 3).Slice(2, 0, 1) // with gaps
	numbers[T](t, 100, 4, 3, 1).CopyTo(view)
	write(view)
}

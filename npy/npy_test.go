package npy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/npy"
	"github.com/allocarrays/allocarrays-go/scope"
)

func written[T allocarray.Storage](t testing.TB, a allocarray.AllocArray[T]) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, npy.Write(&out, a))
	return out.Bytes()
}

// file returns a file with this header and elements.
func file(header string, elements ...byte) []byte {
	header += "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(out, header...), elements...)
}

// TestBothWays: arrays of all types and shapes come back as they were, views too.
func TestBothWays(t *testing.T) {
	bothWays[int8](t, math.MinInt8, math.MaxInt8)
	bothWays[int16](t, math.MinInt16, math.MaxInt16)
	bothWays[int32](t, math.MinInt32, math.MaxInt32)
	bothWays[int64](t, math.MinInt64, math.MaxInt64)
	bothWays[int](t, math.MinInt, math.MaxInt)
	bothWays[uint8](t, 0, math.MaxUint8)
	bothWays[uint16](t, 0, math.MaxUint16)
	bothWays[uint32](t, 0, math.MaxUint32)
	bothWays[uint64](t, 0, math.MaxUint64)
	bothWays[uint](t, 0, math.MaxUint)
	bothWays(t, -math.MaxFloat32, float32(math.SmallestNonzeroFloat32))
	bothWays(t, -math.MaxFloat64, math.SmallestNonzeroFloat64)
}

func bothWays[T allocarray.Element](t *testing.T, least, most T) {
	cube := allocarray.Arange[T](t.Context(), 60).Reshape(3, 4, 5)
	cube.Set(least, 0, 1, 2)
	cube.Set(most, 2, 3, 4)
	for _, a := range []allocarray.AllocArray[T]{
		cube, cube.Transpose(), cube.Permute(1, 0, 2), cube.SliceStep(2, 0, 5, 2), cube.Slice(0, 1, 1), cube.Index(0, 1).Broadcast(2, 4, 5),
		allocarray.Full(t.Context(), most), allocarray.New[T](t.Context(), 100_000), allocarray.New[T](t.Context(), 1, 1, 1, 1, 1, 1, 1, 2),
	} {
		text := written(t, a)
		require.Zero(t, (len(text)-a.Len()*sizeOf[T]())%64, "elements begin at a multiple of 64")
		for _, r := range []io.Reader{bytes.NewReader(text), iotest.DataErrReader(bytes.NewReader(text)), iotest.HalfReader(bytes.NewBuffer(text))} {
			b, err := npy.Read[T](t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, a.Shape(), b.Shape())
			require.Equal(t, a.Clone(t.Context()).Data(), b.Clone(t.Context()).Data())
			require.Equal(t, text, written(t, b))
		}
	}
}

func sizeOf[T allocarray.Element]() int {
	a := allocarray.New[T](context.Background(), 1)
	var out, none bytes.Buffer
	_ = npy.Write(&out, a)
	_ = npy.Write(&none, a.Slice(0, 0, 0))
	return out.Len() - none.Len()
}

// TestMalformed: each of these is an error that says what is wrong.
func TestMalformed(t *testing.T) {
	const good = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
	eight := make([]byte, 8)
	read := func(text []byte) error {
		_, err := npy.Read[float64](t.Context(), bytes.NewReader(text))
		_, again := npy.Read[float64](t.Context(), bytes.NewBuffer(text))
		require.Equal(t, err == nil, again == nil)
		return err
	}
	require.NoError(t, read(file(good, eight...)))
	for _, c := range []struct{ from, to, want string }{
		{good, "", "no '{'"},
		{good, "{}", "lacks"},
		{good, "{'descr': '<f8', 'shape': (1,)}", "lacks"},
		{good, good + " x", "more behind"},
		{"{", "[", "no '{'"},
		{"}", "", "no string"},
		{": '<f8'", " '<f8'", "no ':'"},
		{"'<f8'", "'<f8", "no '}'"},
		{good, "{'descr", "without end"},
		{"'<f8'", "f8", "no string"},
		{"'<f8'", `'<f8\n'`, "escapes"},
		{"'<f8'", "[('x', '<f8')]", "structures"},
		{"'<f8'", "'>f8'", "big-endian"},
		{"'<f8'", "'<f4'", "elements are <f4, not float64: read them as float32"},
		{"'<f8'", "'|b1'", "read them as uint8"},
		{"'<f8'", "'<i1'", "read them as int8"},
		{"'<f8'", "'f8'", "not read"},
		{"'<f8'", "'<c16'", "not read"},
		{"'<f8'", "''", "not read"},
		{"'shape'", "'descr'", "another descr"},
		{"'shape'", "'size'", `key "size"`},
		{"False", "false", "neither True nor False"},
		{"False", "Falsey", "no '}'"},
		{"(1,)", "1", "no '('"},
		{"(1,)", "(1)", "not a tuple"},
		{"(1,)", "(1 1)", "not a tuple"},
		{"(1,)", "(1, 1 1)", "no ')'"},
		{"(1,)", "(-1,)", "no length"},
		{"(1,)", "(1.5,)", "not a tuple"},
		{"(1,)", "(,)", "no length"},
		{"(1,)", "(99999999999999999999,)", "too large"},
		{"(1,)", fmt.Sprintf("(%d, 4)", math.MaxInt/2+1), "too many"},
		{"(1,)", fmt.Sprintf("(0, %d, 4)", math.MaxInt/2+1), "too many"},
		{"(1,)", "(1,1,1,1,1,1,1,1,1)", "9 axes"},
		{"(1,)", "(2,)", ""},
	} {
		err := read(file(strings.Replace(good, c.from, c.to, 1), eight...))
		require.ErrorContains(t, err, c.want, "%s → %s", c.from, c.to)
		require.ErrorContains(t, err, "npy: ")
	}
	whole := file(good, eight...)
	for n := range whole {
		require.Error(t, read(whole[:n]), "%d bytes", n)
	}
	for i, want := range map[int]string{0: "begins with", 5: "begins with", 6: "version 9.0"} {
		text := bytes.Clone(whole)
		text[i] = 9
		require.ErrorContains(t, read(text), want)
	}
	require.ErrorContains(t, read([]byte("\x93NUMPY\x02\x00\x00\x00\x01\x00")), "header of 65536 bytes")
	_, err := npy.Read[uint8](t.Context(), bytes.NewReader(file("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", 1, 2)))
	require.ErrorContains(t, err, "element 1 is 2")
	_, err = npy.ReadData[float64](t.Context(), bytes.NewReader(eight), npy.Header{Descr: "<f8", Shape: []int{-1}})
	require.ErrorContains(t, err, "negative")
}

// TestAccepted: what other writers do, and NumPy reads.
func TestAccepted(t *testing.T) {
	for _, header := range []string{
		`{"shape":(1,),"fortran_order":True,"descr":"<f8"}`,
		"{'descr': '<f8', 'fortran_order': False, 'shape': (1L,), }",
		"  {\t'descr' : '<f8' , 'fortran_order' : False , 'shape' : ( 1 , ) } ",
	} {
		a, err := npy.Read[float64](t.Context(), bytes.NewReader(file(header, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f)))
		require.NoError(t, err, header)
		require.Equal(t, []float64{1}, a.Data())
	}
	b, err := npy.Read[int8](t.Context(), bytes.NewReader(file("{'descr': '<i1', 'fortran_order': False, 'shape': (1,)}", 7)))
	require.NoError(t, err)
	require.Equal(t, []int8{7}, b.Data())
}

// TestBoundedMemory: a header that promises much does not make Read allocate it, be the size of
// the file known or not.
func TestBoundedMemory(t *testing.T) {
	for _, shape := range []string{"(1000000000000,)", "(1000000, 1000000)", "(100000000,)"} {
		text := file("{'descr': '<f8', 'fortran_order': False, 'shape': "+shape+", }", make([]byte, 1_000_000)...)
		for name, r := range map[string]io.Reader{"known": bytes.NewReader(text), "unknown": bytes.NewBuffer(text)} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := npy.Read[float64](t.Context(), r)
			runtime.ReadMemStats(&after)
			require.Error(t, err)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(5_000_000), "%s %s", shape, name)
		}
	}
}

// TestInScope: arrays lie in the scope, and exhausted memory is an error.
func TestInScope(t *testing.T) {
	text := written(t, allocarray.Arange[float64](t.Context(), 100_000))
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer(bumper.Limit(2<<20)))
	var kept allocarray.AllocArray[float64]
	for range 5 {
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			a, err := npy.Read[float64](ctx, bytes.NewReader(text))
			if err != nil {
				return err
			}
			kept = a
			require.Equal(t, 99_999.0, a.At(99_999))
			_, err = npy.Read[float64](ctx, bytes.NewReader(text))
			require.NoError(t, err)
			_, err = npy.Read[float64](ctx, bytes.NewReader(text))
			require.ErrorIs(t, err, scope.ErrExhausted)
			return nil
		}))
		require.False(t, kept.Live())
	}
}

// TestFailingWriter: errors of what is written to are returned.
func TestFailingWriter(t *testing.T) {
	full := errors.New("full")
	a := allocarray.Arange[float64](t.Context(), 100_000)
	size := len(written(t, a))
	for n := 0; n < size; n += 10_007 {
		require.ErrorIs(t, npy.Write(&limited{n, full}, a), full)
		require.ErrorIs(t, npy.Write(&limited{n, full}, a.Reshape(1000, 100).Slice(1, 0, 99)), full, n)
	}
}

// limited takes n bytes.
type limited struct {
	n   int
	err error
}

func (l *limited) Write(b []byte) (int, error) {
	if l.n -= len(b); l.n < 0 {
		return 0, l.err
	}
	return len(b), nil
}

// TestFile: a file on disk tells how long it is, from where it is read.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.npy")
	f, err := os.Create(name)
	require.NoError(t, err)
	defer f.Close()
	a := allocarray.Arange[int32](t.Context(), 1000)
	for range 2 {
		require.NoError(t, npy.Write(f, a))
	}
	_, err = f.Seek(0, io.SeekStart)
	require.NoError(t, err)
	for range 2 {
		b, err := npy.Read[int32](t.Context(), f)
		require.NoError(t, err)
		require.Equal(t, a.Data(), b.Data())
	}
	_, err = npy.Read[int32](t.Context(), f)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// TestWriteBool: masks become booleans.
func TestWriteBool(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, npy.WriteBool(&out, allocarray.Wrap([]uint8{0, 1, 2, 255})))
	h, err := npy.ReadHeader(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	require.Equal(t, npy.Header{Descr: "|b1", Shape: []int{4}}, h)
	a, err := npy.Read[uint8](t.Context(), &out)
	require.NoError(t, err)
	require.Equal(t, []uint8{0, 1, 1, 1}, a.Data())
}

// meanwhile is a reader and a writer that call ended once, when bytes have passed.
type meanwhile struct {
	bytes.Buffer
	after int
	ended func()
}

func (m *meanwhile) pass(n int) {
	if m.after -= n; m.after <= 0 && m.ended != nil {
		m.ended()
		m.ended = nil
	}
}

func (m *meanwhile) Read(p []byte) (int, error) {
	n, err := m.Buffer.Read(p)
	m.pass(n)
	return n, err
}

func (m *meanwhile) Write(p []byte) (int, error) {
	m.pass(len(p))
	return m.Buffer.Write(p)
}

// TestScopeEndsMeanwhile: when the scope ends while a reader or a writer waits, memory that may be
// another scope's by now is neither written nor read.
func TestScopeEndsMeanwhile(t *testing.T) {
	const n = 100_000
	buf := bumper.NewSlabBuffer()
	text := written(t, allocarray.Full(t.Context(), float32(1), n))
	for after := 200; after < len(text); after += 100_000 {
		ctx, s := scope.Open(scope.WithAllocator(t.Context(), buf))
		x := allocarray.Full(ctx, float32(1), n)
		var others allocarray.AllocArray[float32]
		ended := func() {
			require.NoError(t, s.End())
			others = allocarray.Full(scope.WithAllocator(t.Context(), buf), float32(666), 4*n)
		}
		out := &meanwhile{after: after, ended: ended}
		require.ErrorAs(t, panicOf(func() { _ = npy.Write(out, x) }), new(*scope.StaleError))
		require.NotContains(t, out.String(), "\x00\x80\x26\x44", "666")
		require.NoError(t, buf.Reset())

		ctx, s = scope.Open(scope.WithAllocator(t.Context(), buf))
		in := &meanwhile{Buffer: *bytes.NewBuffer(bytes.Clone(text)), after: after, ended: ended}
		require.ErrorAs(t, panicOf(func() { _, _ = npy.Read[float32](ctx, in) }), new(*scope.StaleError))
		require.Equal(t, []float32{666, 666}, []float32{allocarray.Min(others), allocarray.Max(others)})
		require.NoError(t, buf.Reset())
	}
}

// panicOf returns the error that fn panics with, nil if none.
func panicOf(fn func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	fn()
	return nil
}

package safetensors_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/safetensors"
)

// many returns an object of as many entries, made by entry from their number, as
// fill size bytes.
func many(size int, entry func(i int) string) string {
	var b strings.Builder
	for i := 0; b.Len() < size-100; i++ {
		b.WriteByte(',')
		b.WriteString(entry(i))
	}
	return "{" + b.String()[1:] + "}"
}

// hostile are headers of about size bytes that are meant to cost much, and the start
// of the error, "" for none.
var hostile = map[string]struct {
	header func(size int) string
	want   string
}{
	"many tensors": {func(size int) string {
		return many(size, func(i int) string { return fmt.Sprintf(`"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i) })
	}, ""},
	"many escaped names": {func(size int) string {
		return many(size, func(i int) string {
			return fmt.Sprintf(`"\n%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
		})
	}, ""},
	"many scalars behind each other": {func(size int) string {
		return many(size, func(i int) string {
			return fmt.Sprintf(`"%d":{"dtype":"U8","shape":[],"data_offsets":[%d,%d]}`, i, i, i+1)
		})
	}, `tensor "`},
	"equal names": {func(size int) string {
		return many(size, func(int) string { return `"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}` })
	}, `header has the key "a" twice`},
	"many keys": {func(size int) string { return many(size, func(int) string { return `"a":0` }) }, `tensor "a": description is not an object`},
	"much metadata": {func(size int) string {
		return `{"__metadata__":` + many(size, func(i int) string { return fmt.Sprintf(`"%d":""`, i) }) + "}"
	}, ""},
	"equal metadata": {func(size int) string {
		return `{"__metadata__":` + many(size, func(int) string { return `"":""` }) + "}"
	}, `__metadata__ has the key "" twice`},
	"escaped metadata": {func(size int) string {
		return `{"__metadata__":` + many(size, func(i int) string { return fmt.Sprintf(`"\t%d":"\n"`, i) }) + "}"
	}, ""},
	"metadata of numbers": {func(size int) string { return `{"__metadata__":{"` + strings.Repeat("k", size) + `":1}}` }, `__metadata__: value of "kkk`},
	"long shape": {func(size int) string {
		return `{"a":{"dtype":"U8","shape":[0` + strings.Repeat(",0", size/2) + `],"data_offsets":[0,0]}}`
	}, ""},
	"long shape of ones": {func(size int) string {
		return `{"a":{"dtype":"U8","shape":[1` + strings.Repeat(",1", size/2) + `],"data_offsets":[0,0]}}`
	}, `tensor "a": data offsets [0, 0) do not match `},
	"many offsets":     {func(size int) string { return `{"a":{"data_offsets":[0` + strings.Repeat(",0", size/2) + `]}}` }, `tensor "a": no dtype`},
	"commas in shape":  {func(size int) string { return `{"a":{"shape":[0,"` + strings.Repeat(",", size) + `"]}}` }, `tensor "a": shape has a value that is not a number`},
	"long name":        {func(size int) string { return `{"` + strings.Repeat("n", size) + `":7}` }, `tensor "nnn`},
	"long escaped":     {func(size int) string { return `{"` + strings.Repeat(`\u0001`, size/6) + `":7}` }, `tensor "\x01\x01`},
	"long wide name":   {func(size int) string { return `{"a` + strings.Repeat("数", size/3) + `":7}` }, `tensor "a数数`},
	"long name, twice": {func(size int) string { return fmt.Sprintf(`{"%[1]s":{},"%[1]s":{}}`, strings.Repeat("n", size/2)) }, `tensor "nnn`},
	"long dtype":       {func(size int) string { return `{"a":{"dtype":"` + strings.Repeat("F", size) + `"}}` }, `tensor "a": unknown dtype "FFF`},
	"long field":       {func(size int) string { return `{"a":{"` + strings.Repeat("f", size) + `":1}}` }, `tensor "a": unknown field "fff`},
	"long number":      {func(size int) string { return `{"a":{"shape":[` + strings.Repeat("9", size) + `]}}` }, `tensor "a": shape has the value 999`},
	"long overlap": {func(size int) string {
		name := strings.Repeat("n", size/2)
		return `{"` + name + `a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"` + name + `b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`
	}, `tensor "nnn`},
	"deep":      {func(size int) string { return `{"a":` + strings.Repeat("[", size) }, `header is not JSON`},
	"no end":    {func(size int) string { return `{"` + strings.Repeat("a", size) }, `header is not JSON`},
	"not JSON":  {func(size int) string { return `{` + strings.Repeat("a", size) }, `header is not JSON`},
	"spaces":    {func(size int) string { return `{` + strings.Repeat(" ", size) + `}` }, ""},
	"not UTF-8": {func(size int) string { return `{"` + strings.Repeat("\xff", size) + `"}` }, `header is not UTF-8`},
}

// TestHostile: no header costs more than a small multiple of its size in memory, or
// much time, and no error is longer than people read.
func TestHostile(t *testing.T) {
	size := 4 << 20
	if testing.Short() || testenv.Slow() {
		size = 1 << 20
	}
	for name, h := range hostile {
		t.Run(name, func(t *testing.T) {
			file := build(h.header(size), 2)
			if h.want == "" {
				file = file[:len(file)-2] // nothing but empty tensors
			}
			before, start := allocated(), time.Now()
			f, err := decode(file)
			cost, took := float64(allocated()-before)/float64(len(file)), time.Since(start)
			t.Logf("%.1f bytes for each byte, %v", cost, took)
			require.Less(t, cost, 10+float64(1<<20)/float64(len(file)))
			require.Less(t, took, 10*time.Second)
			if h.want == "" {
				require.NoError(t, err)
				_, err = f.Tensor("missing")
				require.Error(t, err)
			} else {
				require.ErrorContains(t, err, "safetensors: m.safetensors: "+h.want)
			}
			require.Less(t, len(err.Error()), 2000)
		})
	}
}

// TestLongestHeader: the limit itself is allowed, and read in a moment.
func TestLongestHeader(t *testing.T) {
	start := time.Now()
	_, err := decode(build("{"+strings.Repeat(" ", 16<<20-2)+"}", 0))
	require.NoError(t, err)
	_, err = decode(build("{"+strings.Repeat(" ", 16<<20-1)+"}", 0))
	require.EqualError(t, err, "safetensors: m.safetensors: header length 16777217 is over the limit of 16777216 bytes")
	require.Less(t, time.Since(start), 10*time.Second)
}

// TestQuote: what is shown of a name is readable, and whole characters.
func TestQuote(t *testing.T) {
	require.Equal(t, `"a\n\"数"`, safetensors.Quote("a\n\"数"))
	require.Equal(t, `"`+strings.Repeat("x", 80)+`"`, safetensors.Quote(strings.Repeat("x", 80)))
	require.Equal(t, `"`+strings.Repeat("x", 80)+`"… (81 bytes)`, safetensors.Quote(strings.Repeat("x", 81)))
	require.Equal(t, `"`+strings.Repeat("数", 26)+`"… (90 bytes)`, safetensors.Quote(strings.Repeat("数", 30)))
}

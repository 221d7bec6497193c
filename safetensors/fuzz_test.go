package safetensors_test

import (
	"bytes"
	"encoding/json"
	"runtime/metrics"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/safetensors"
)

// allocated returns the bytes allocated since the process began.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// FuzzDecode promises three things about any bytes at all: Decode does not
// panic; it allocates in proportion to the bytes that are there, not to the
// numbers in them; and what it accepts can be encoded and decoded again to the
// same tensors and metadata. Run on, the corpus in testdata grows:
//
//	go test -fuzz FuzzDecode ./safetensors
func FuzzDecode(f *testing.F) {
	f.Add(build(`{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}`, 8))
	f.Add(build(`{"__metadata__":{"k":"v"},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"b":{"dtype":"BOOL","shape":[0],"data_offsets":[1,1]}}  `, 1))
	f.Add(build(`{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"I64","shape":[1,1],"data_offsets":[2,10]}}`, 10))
	f.Add(build(`{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}`, 8))
	f.Add(length(1<<40, 4))
	f.Add(build(`{}`, 0))
	f.Add(build(`{"__metadata__":{"":"","a":"\ud83d\ude00"},"\u0061":{"data_offsets":[0,0],"shape":[0,",]"],"dtype":"U8"}}`, 0))
	f.Add(build("{\"a\" :\t{ \"dtype\":\"U8\" , \"shape\":[ 1 , 0 ],\n\"data_offsets\":[0,0 ] } , \"b\":0}", 0))
	f.Add([]byte("PK\x03\x04\x00\x00\x08\x08\x00\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		before := allocated()
		decoded, err := decode(file)
		// Per byte of header: its text, twice, and what describes tensors. The
		// constant covers the test's own goroutines.
		require.Less(t, allocated()-before, uint64(len(file))*12+4<<20)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "safetensors: m.safetensors: "), err)
			require.ErrorAs(t, err, new(*safetensors.Error))
			return
		}
		var tensors []safetensors.Tensor
		for _, name := range decoded.Names() {
			tensor, err := decoded.Tensor(name)
			require.NoError(t, err)
			tensors = append(tensors, tensor)
		}
		var again bytes.Buffer
		require.NoError(t, safetensors.Encode(&again, tensors, decoded.Metadata()))
		copied, err := decode(again.Bytes())
		require.NoError(t, err)
		require.Equal(t, decoded.Metadata(), copied.Metadata())
		require.Equal(t, all(t, decoded), all(t, copied))
	})
}

// FuzzString compares the strings of our parser, escapes and all, with those of
// encoding/json.
func FuzzString(f *testing.F) {
	for _, s := range []string{``, `a`, `\"\\\/\b\f\n\r\t`, `\u00e9\u00E9é`, `\ud83d\ude00`, `\ud83d`, `\ud83d\n`, `\ud83dxx`, `\ude00\ud83d\ude00`,
		`\ud800\u0041`, `\ud800\ud800\udc00`, `\uFFFD\u0000`, `x\\`, `x\\\"y`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted := `"` + s + `"`
		var want string
		if json.Unmarshal([]byte(quoted), &want) != nil || !utf8.ValidString(s) {
			t.Skip("not a string of JSON")
		}
		file, err := decode(build(`{"__metadata__" : { "k" : `+quoted+` } }`, 0))
		require.NoError(t, err)
		require.Equal(t, map[string]string{"k": want}, file.Metadata())
	})
}

package arrowscope_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	arrowscope "github.com/allocarrays/allocarrays-go/contrib/arrow"
)

func stringReader(s string) io.Reader { return strings.NewReader(s) }

// kinds are values of each layout that Arrow has.
var kinds = []struct {
	kind arrow.DataType
	json string
}{
	{arrow.PrimitiveTypes.Float64, `[1, null, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, null, 15, 16, 17, 18]`},
	{arrow.FixedWidthTypes.Boolean, `[true, false, null, true, true, true, false, false, true, true, null, true]`},
	{arrow.BinaryTypes.String, `["a", "", null, "a longer one", "e", "f", "g", "h", "i", "j"]`},
	{arrow.BinaryTypes.StringView, `["a", "", null, "one that is too long to be inlined", "another that is too long", "f"]`},
	{&arrow.FixedSizeBinaryType{ByteWidth: 3}, `["YWJj", null, "ZGVm", "ZGVm"]`},
	{arrow.ListOf(arrow.PrimitiveTypes.Int16), `[[1, 2], null, [], [3, null], [4]]`},
	{arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float32), `[[1, 2], [3, 4], null, [5, 6]]`},
	{arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int8, Nullable: true}, arrow.Field{Name: "b", Type: arrow.BinaryTypes.String, Nullable: true}),
		`[{"a": 1, "b": "x"}, null, {"a": null, "b": "z"}, {"a": 4, "b": null}]`},
	{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, `["a", "b", "a", null, "c", "a"]`},
	{arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32), `[[{"key": "a", "value": 1}], null, []]`},
	{arrow.Null, `[null, null, null]`},
	{arrow.FixedWidthTypes.Timestamp_us, `[1, 2, null, 4]`},
	{&arrow.Decimal128Type{Precision: 10, Scale: 2}, `["1.25", null, "3.50"]`},
}

// TestDetach: copies of all kinds of arrays, and of slices of them, are as they were when their
// scope has ended and others have written to its memory.
func TestDetach(t *testing.T) {
	for _, c := range kinds {
		t.Run(c.kind.String(), func(t *testing.T) {
			want, _, err := array.FromJSON(memory.DefaultAllocator, c.kind, stringReader(c.json))
			require.NoError(t, err)
			n := int64(want.Len())
			buf := newShared()
			var kept []arrow.Array
			var record arrow.RecordBatch
			inScope(t, buf, func(_ context.Context, mem *arrowscope.Allocator) {
				arr, _, err := array.FromJSON(mem, c.kind, stringReader(c.json))
				require.NoError(t, err)
				for i := range n {
					for j := i; j <= n; j++ {
						kept = append(kept, arrowscope.Detach(array.NewSlice(arr, i, j)))
					}
				}
				record = arrowscope.DetachRecord(array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "x", Type: c.kind, Nullable: true}}, nil),
					[]arrow.Array{arr}, n))
				for _, b := range arr.Data().Buffers() {
					if b != nil {
						fill(b.Bytes(), 0xa5)
					}
				}
			})
			soil(t, buf)
			require.True(t, array.Equal(want, record.Column(0)), record.Column(0))
			k := 0
			for i := range n {
				for j := i; j <= n; j++ {
					require.True(t, array.Equal(array.NewSlice(want, i, j), kept[k]), "[%d, %d): %v", i, j, kept[k])
					k++
				}
			}
		})
	}
}

// TestDetachCopiesTheSlice: a short slice of fixed-width values does not keep all of them.
func TestDetachCopiesTheSlice(t *testing.T) {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.AppendValues(make([]int64, 100_000), nil)
	short := arrowscope.Detach(array.NewSlice(b.NewArray(), 1003, 1013))
	require.LessOrEqual(t, short.Data().Buffers()[1].Len(), (10+7)*8)
	require.LessOrEqual(t, short.Data().Buffers()[0].Len(), 3)
}

package arrowscope

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Detach returns a copy of arr on the Go heap, with its children and its dictionary, that may
// be used after arr's scope has ended. Of a slice of fixed-width values it copies the slice, of
// any other all that it is a slice of. The caller releases the copy or leaves it to the garbage
// collector.
func Detach(arr arrow.Array) arrow.Array {
	data := detach(arr.Data())
	defer data.Release()
	return array.MakeFromData(data)
}

// DetachRecord is Detach for all columns of a record.
func DetachRecord(rec arrow.RecordBatch) arrow.RecordBatch {
	columns := make([]arrow.Array, rec.NumCols())
	for i := range columns {
		columns[i] = Detach(rec.Column(i))
		defer columns[i].Release()
	}
	return array.NewRecordBatch(rec.Schema(), columns, rec.NumRows())
}

func detach(d arrow.ArrayData) *array.Data {
	offset := d.Offset()
	buffers := make([]*memory.Buffer, len(d.Buffers()))
	start := 0 // of what is copied: a multiple of 8, so that it begins a byte of a bitmap
	width, fixed := fixedWidth(d)
	if fixed {
		start = offset &^ 7
		offset -= start
	}
	for i, b := range d.Buffers() {
		switch {
		case b == nil:
		case fixed && i == 0:
			buffers[i] = cloned(part(b.Bytes(), start, d.Len()+offset, 1))
		case fixed:
			buffers[i] = cloned(part(b.Bytes(), start, d.Len()+offset, width))
		default:
			buffers[i] = cloned(b.Bytes())
		}
	}
	var children []arrow.ArrayData
	for _, child := range d.Children() {
		copied := detach(child)
		defer copied.Release()
		children = append(children, copied)
	}
	var dictionary *array.Data
	if old, ok := d.Dictionary().(*array.Data); ok && old != nil {
		dictionary = detach(old)
		defer dictionary.Release()
	}
	out := array.NewData(d.DataType(), d.Len(), buffers, children, d.NullN(), offset)
	if dictionary != nil {
		out.SetDictionary(dictionary)
	}
	return out
}

// fixedWidth returns how many bits a value of d has, and whether d consists of a validity bitmap
// and values of that width.
func fixedWidth(d arrow.ArrayData) (bits int, ok bool) {
	t, ok := d.DataType().(arrow.FixedWidthDataType)
	if !ok || len(d.Buffers()) != 2 || len(d.Children()) > 0 {
		return 0, false
	}
	return t.BitWidth(), true
}

// part returns the bytes of n values of the width given from start on, or all there are.
func part(b []byte, start, n, bits int) []byte {
	first := min(start/8*bits, len(b))
	return b[first:min(first+(n*bits+7)/8, len(b))]
}

// cloned returns a buffer on the Go heap, aligned as Arrow's own allocator does.
func cloned(b []byte) *memory.Buffer {
	out := memory.NewGoAllocator().Allocate(len(b))
	copy(out, b)
	return memory.NewBufferBytes(out)
}

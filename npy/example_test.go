package npy_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/npy"
)

// What Write has written, numpy.load reads, and the other way round.
func Example() {
	ctx := context.Background()
	var file bytes.Buffer
	if err := npy.Write(&file, allocarray.Arange[float32](ctx, 6).Reshape(2, 3)); err != nil {
		fmt.Println(err)
		return
	}
	a, err := npy.Read[float32](ctx, &file)
	fmt.Println(a, err)
	// Output:
	// [[0 1 2]
	//  [3 4 5]] <nil>
}

// An archive of several arrays, as numpy.savez writes it.
func ExampleOpenArchive() {
	ctx := context.Background()
	var file bytes.Buffer
	z := npy.NewArchiveWriter(&file, false)
	_ = npy.WriteArray(z, "weights", allocarray.Full(ctx, 0.5, 2, 2))
	_ = npy.WriteArray(z, "bias", allocarray.Arange[float64](ctx, 2))
	_ = z.Close()

	archive, err := npy.OpenArchive(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	bias, err := npy.ReadArray[float64](ctx, archive, "bias")
	fmt.Println(archive.Names(), bias, err)
	// Output: [weights bias] [0 1] <nil>
}

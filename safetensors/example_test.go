package safetensors_test

import (
	"bytes"
	"fmt"

	"github.com/allocarrays/allocarrays-go/safetensors"
)

func Example() {
	var file bytes.Buffer
	err := safetensors.Encode(&file, []safetensors.Tensor{
		safetensors.From("fc.weight", []int{2, 2}, []float32{1, 2, 3, 4}),
		safetensors.From("ids", []int{3}, []int64{7, 8, 9}),
	}, map[string]string{"format": "pt"})
	if err != nil {
		fmt.Println(err)
		return
	}

	f, err := safetensors.Decode(bytes.NewReader(file.Bytes()), int64(file.Len()), "model.safetensors")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range f.Names() {
		t, _ := f.Tensor(name)
		fmt.Println(t.Name, t.DType, t.Shape)
	}
	ids, _ := f.Tensor("ids")
	fmt.Println(safetensors.Values[int64](ids))
	_, err = f.Tensor("fc.bias")
	fmt.Println(err)
	// Output:
	// fc.weight F32 [2 2]
	// ids I64 [3]
	// [7 8 9] <nil>
	// safetensors: model.safetensors: tensor "fc.bias": not in the file, which has "fc.weight", "ids"
}

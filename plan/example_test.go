package plan_test

import (
	"context"
	"fmt"
	"time"

	"github.com/allocarrays/allocarrays-go/plan"
)

// The tensors of a chain of four layers: each lives until the next layer has read it.
func ExamplePack() {
	p := plan.Problem{Blocks: []plan.Block{
		{Size: 1024, From: 0, To: 2},
		{Size: 4096, From: 1, To: 3},
		{Size: 2048, From: 2, To: 4},
		{Size: 512, From: 3, To: 5},
	}}
	got, err := plan.Pack(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("offsets", got.Offsets)
	fmt.Println("peak", got.Peak, "instead of", 1024+4096+2048+512, "proved:", got.Proved())
	// Output:
	// offsets [4096 0 4096 0]
	// peak 6144 instead of 7680 proved: true
}

// The second layer is computed in place of the first one's result.
func ExampleProblem_inPlace() {
	p := plan.Problem{
		Blocks: []plan.Block{
			{Size: 4096, From: 0, To: 2},
			{Size: 4096, From: 1, To: 3},
		},
		InPlace: []plan.Pair{{In: 0, Out: 1}},
	}
	got, err := plan.Pack(p)
	fmt.Println(got.Offsets, got.Peak, err)
	// Output:
	// [0 0] 4096 <nil>
}

func ExampleSearch() {
	p := plan.Problem{Blocks: []plan.Block{
		{Size: 3, From: 0, To: 2}, {Size: 2, From: 1, To: 4}, {Size: 3, From: 3, To: 6}, {Size: 1, From: 0, To: 6},
	}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	got, err := plan.Search(ctx, p)
	fmt.Println(got.Peak, got.Bound, got.Proved(), err)
	// Output:
	// 6 6 true <nil>
}

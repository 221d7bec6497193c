package memmap_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/allocarrays/allocarrays-go/plan"
	"github.com/allocarrays/allocarrays-go/plan/memmap"
)

// The map of a plan is an SVG image, which a browser shows.
func ExampleWrite() {
	p := plan.Problem{Blocks: []plan.Block{
		{Size: 1024, From: 0, To: 2},
		{Size: 4096, From: 1, To: 3},
	}}
	packed, err := plan.Pack(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := os.Create(filepath.Join(os.TempDir(), "map.svg"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	fmt.Println(memmap.Write(f, p, packed, memmap.Options{Title: "Two layers", Labels: []string{"input", "hidden"}}))
	fmt.Println("peak:", memmap.Bytes(packed.Peak))
	// Output:
	// <nil>
	// peak: 5 KiB
}

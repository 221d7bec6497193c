package ops

import (
	"slices"
	"strings"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

func init() {
	register("StringNormalizer", normalizeStrings, 10)
}

// normalizeStrings leaves strings out and changes the case of the others. If none is left, there is an empty one.
func normalizeStrings(c *Call) {
	c.Input(0, tensor.String)
	x := c.Elements(0)
	if x.Rank() != 1 && (x.Rank() != 2 || x.Shape[0] != 1) {
		c.Fail("input 0 is %v", x)
	}
	stop, _ := c.Strings("stopwords")
	change := func(s string) string { return s }
	switch action := c.String("case_change_action", "NONE"); action {
	case "NONE":
	case "LOWER":
		change = strings.ToLower
	case "UPPER":
		change = strings.ToUpper
	default:
		c.Fail("attribute \"case_change_action\" is %q", action)
	}
	stops := func(s string) bool { return slices.Contains(stop, s) }
	if c.Int("is_case_sensitive", 0) == 0 {
		stops = func(s string) bool {
			return slices.ContainsFunc(stop, func(w string) bool { return strings.EqualFold(w, s) })
		}
	}
	var list []string
	for _, s := range x.Strings {
		if !stops(s) {
			list = append(list, change(s))
		}
	}
	if len(list) == 0 {
		list = []string{""}
	}
	shape := append([]int{}, x.Shape...)
	shape[len(shape)-1] = len(list)
	c.Declare(0, tensor.String, shape...)
	c.Kernel = func(a *Args) error {
		copy(a.Out[0].Strings, list)
		return nil
	}
}

package allocarray_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// TestString: brackets, alignment and abbreviation as NumPy's; the elements as
// package fmt's.
func TestString(t *testing.T) {
	arange := func(n int) allocarray.AllocArray[int] { return allocarray.Arange[int](t.Context(), n) }
	for name, c := range map[string]struct {
		got  string
		want string
	}{
		"rank 0":      {allocarray.Full(t.Context(), 5).String(), "5"},
		"zero array":  {allocarray.AllocArray[int]{}.String(), "[]"},
		"empty":       {allocarray.Wrap([]int{}).String(), "[]"},
		"empty rows":  {allocarray.New[int](t.Context(), 2, 0).String(), "[]"},
		"vector":      {arange(4).String(), "[0 1 2 3]"},
		"alignment":   {allocarray.Wrap([]int{1, -20, 300}).String(), "[  1 -20 300]"},
		"matrix":      {arange(6).Reshape(2, 3).String(), "[[0 1 2]\n [3 4 5]]"},
		"columns":     {allocarray.Wrap([]int{1, 20, 300, 4}, 2, 2).String(), "[[  1  20]\n [300   4]]"},
		"transposed":  {arange(4).Reshape(2, 2).Transpose().String(), "[[0 2]\n [1 3]]"},
		"broadcast":   {arange(2).Broadcast(2, 2).String(), "[[0 1]\n [0 1]]"},
		"rank 3":      {arange(8).Reshape(2, 2, 2).String(), "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]"},
		"rank 4":      {arange(4).Reshape(2, 1, 2, 1).String(), "[[[[0]\n   [1]]]\n\n\n [[[2]\n   [3]]]]"},
		"element":     {arange(9).Index(0, 4).String(), "4"},
		"bytes":       {allocarray.Wrap([]uint8{1, 255}).String(), "[  1 255]"},
		"floats":      {allocarray.Wrap([]float64{1, 2.5, math.Inf(-1), math.NaN()}).String(), "[   1  2.5 -Inf  NaN]"},
		"float32":     {allocarray.Wrap([]float32{0.1, 1e20}).String(), "[  0.1 1e+20]"},
		"1000 whole":  {arange(1000).String()[:20] + "…", "[  0   1   2   3   4…"},
		"1001 edges":  {arange(1001).String(), "[   0    1    2 ...  998  999 1000]"},
		"long matrix": {arange(2000).Reshape(1000, 2).String(), "[[   0    1]\n [   2    3]\n [   4    5]\n ...\n [1994 1995]\n [1996 1997]\n [1998 1999]]"},
		"wide matrix": {arange(2002).Reshape(2, 1001).String(), "[[   0    1    2 ...  998  999 1000]\n [1001 1002 1003 ... 1999 2000 2001]]"},
		"short axes":  {arange(1200).Reshape(6, 200).Slice(0, 0, 6).String()[:31], "[[   0    1    2 ...  197  198 "},
		"edges 3": {
			arange(1400).Reshape(7, 1, 200).SliceStep(2, 0, 200, 1).String(),
			"[[[   0    1    2 ...  197  198  199]]\n\n [[ 200  201  202 ...  397  398  399]]\n\n [[ 400  401  402 ...  597  598  599]]\n\n" +
				" ...\n\n [[ 800  801  802 ...  997  998  999]]\n\n [[1000 1001 1002 ... 1197 1198 1199]]\n\n [[1200 1201 1202 ... 1397 1398 1399]]]",
		},
	} {
		require.Equal(t, c.want, c.got, name)
	}
	require.Len(t, strings.Fields(arange(1000).String()), 1001, "the bracket and all elements")
}

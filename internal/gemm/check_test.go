package gemm_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/gemm"
)

// row is a grid of a single row.
var row = gemm.Grid{Images: 1, Height: 1, Width: 1}

// refused are calls on a packed 3 × 2 matrix and the start of the panic each
// must end in.
var refused = map[string]struct {
	call func(p *gemm.Packed[float32], x []float32)
	text string
}{
	"negative m":       {func(p *gemm.Packed[float32], x []float32) { p.Mul(x, 2, x, 3, -1, nil, 0) }, "gemm: negative argument: m -1"},
	"negative lda":     {func(p *gemm.Packed[float32], x []float32) { p.Mul(x, 2, x, -3, 1, nil, 0) }, "gemm: negative argument"},
	"lda too short":    {func(p *gemm.Packed[float32], x []float32) { p.Mul(x, 2, x, 2, 2, nil, 0) }, "gemm: lda is 2, shorter than a row of 3"},
	"ldc too short":    {func(p *gemm.Packed[float32], x []float32) { p.Mul(x, 1, x, 3, 2, nil, 0) }, "gemm: ldc is 1, shorter than a row of 2"},
	"a too short":      {func(p *gemm.Packed[float32], x []float32) { p.Mul(x, 2, x[:5], 3, 2, nil, 0) }, "gemm: a has 5 elements"},
	"c too short":      {func(p *gemm.Packed[float32], x []float32) { p.Mul(x[:3], 2, x[9:], 3, 2, nil, 0) }, "gemm: c has 3 elements"},
	"product overflow": {func(p *gemm.Packed[float32], x []float32) { p.Mul(x, 2, x, math.MaxInt/2, 9, nil, 0) }, "gemm: a has 99 elements"},
	"bias":             {func(p *gemm.Packed[float32], x []float32) { p.Mul(x, 2, x[9:], 3, 2, x[50:53], 0) }, "gemm: bias has 3 elements, want 2"},
	"activation":       {func(p *gemm.Packed[float32], x []float32) { p.Mul(x, 2, x[9:], 3, 2, nil, 7) }, "gemm: unknown activation 7"},
	"c meets a":        {func(p *gemm.Packed[float32], x []float32) { p.Mul(x[3:], 2, x, 3, 2, nil, 0) }, "gemm: c (4 elements at"},
	"c meets bias":     {func(p *gemm.Packed[float32], x []float32) { p.Mul(x, 2, x[9:], 3, 2, x[3:5], 0) }, "gemm: c (4 elements at"},
	"c meets b":        {func(p *gemm.Packed[float32], x []float32) { p.Mul(p.Panels(), 2, x, 3, 2, nil, 0) }, "gemm: c (4 elements at"},

	"segments":     {func(p *gemm.Packed[float32], x []float32) { p.MulGrid(x, 2, x[9:], row, []int32{0, 1}, nil, 0) }, "gemm: 2 segments do not divide 3"},
	"no segments":  {func(p *gemm.Packed[float32], x []float32) { p.MulGrid(x, 2, x[9:], row, nil, nil, 0) }, "gemm: 0 segments"},
	"negative ldc": {func(p *gemm.Packed[float32], x []float32) { p.MulGrid(x, -2, x[9:], row, []int32{0}, nil, 0) }, "gemm: negative ldc -2"},
	"negative row": {func(p *gemm.Packed[float32], x []float32) {
		p.MulGrid(x, 2, x[9:], gemm.Grid{Images: 1, Height: 1, Width: 2, Pixel: -1}, []int32{0}, nil, 0)
	}, "gemm: negative argument: {Images:1 Height:1 Width:2 Image:0 Line:0 Pixel:-1}"},
	"negative segment": {func(p *gemm.Packed[float32], x []float32) { p.MulGrid(x, 2, x[9:], row, []int32{2, -1, 2}, nil, 0) }, "gemm: negative offset -1 of a segment"},
	"row too far": {func(p *gemm.Packed[float32], x []float32) {
		p.MulGrid(x, 2, x[9:19], gemm.Grid{Images: 2, Height: 1, Width: 1, Image: 8}, []int32{0}, nil, 0)
	}, "gemm: a has 10 elements, too few for {Images:2 Height:1 Width:1 Image:8 Line:0 Pixel:0} with segments of 3 up to 0"},
	"segment too far": {func(p *gemm.Packed[float32], x []float32) {
		p.MulGrid(x, 2, x[9:19], gemm.Grid{Images: 1, Height: 2, Width: 1, Line: 8}, []int32{0, 1, 2}, nil, 0)
	}, "gemm: a has 10 elements, too few for {Images:1 Height:2 Width:1 Image:0 Line:8 Pixel:0} with segments of 1 up to 2"},

	"pack outside":  {func(_ *gemm.Packed[float32], x []float32) { gemm.Pack(x, 10, 10, 10, 1) }, "gemm: 10 × 10 with strides 10 and 1 does not fit 99"},
	"pack negative": {func(_ *gemm.Packed[float32], x []float32) { gemm.Pack(x, 2, 2, -1, 1) }, "gemm: negative argument: 2 × 2"},
	"pack too many": {func(_ *gemm.Packed[float32], x []float32) { gemm.Pack(x, math.MaxInt/2, 2, 0, 0) }, "× 2 elements do not fit the address space"},
	"pack -1 rows":  {func(_ *gemm.Packed[float32], x []float32) { gemm.Pack(x, -1, 2, 2, 1) }, "gemm: negative argument: -1 × 2"},
}

func TestRefused(t *testing.T) {
	for name, r := range refused {
		t.Run(name, func(t *testing.T) {
			p := gemm.Pack(floats[float32](6), 3, 2, 2, 1)
			defer func() { require.Contains(t, recover(), r.text) }()
			r.call(p, floats[float32](99))
		})
	}
}

// TestNotRefused are calls at the very limit of what is refused.
func TestNotRefused(t *testing.T) {
	p, x := gemm.Pack(floats[float32](6), 3, 2, 2, 1), floats[float32](99)
	p.Mul(x[6:10], 2, x[:6], 3, 2, x[10:12], gemm.None)
	p.Mul(nil, 0, nil, 0, 0, nil, gemm.ReLU)
	p.MulGrid(x[:2], 0, x[6:9], row, []int32{2, 1, 0}, nil, gemm.None)
	gemm.Pack[float32](nil, 0, 4, 0, 0).Mul(x[:4], 4, nil, 0, 1, x[4:8], gemm.None)
	require.Equal(t, x[4:8], x[:4])
}

package backend

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
)

// Compare returns an error unless the elements of have are within absolute + relative·|want| of those of want.
// NaN is NaN.
func Compare(have, want *tensor.Tensor, relative, absolute float64) error {
	if have.Type != want.Type || !slices.Equal(have.Shape, want.Shape) {
		return fmt.Errorf("%v, want %v", have, want)
	}
	if want.Type == tensor.String {
		if !slices.Equal(have.Strings, want.Strings) {
			return fmt.Errorf("%q, want %q", have.Strings, want.Strings)
		}
		return nil
	}
	h, ok := Floats(have)
	if !ok {
		if !bytes.Equal(have.Data, want.Data) {
			return fmt.Errorf("%v of other elements: % x, want % x", have, have.Data[:min(64, len(have.Data))], want.Data[:min(64, len(have.Data))])
		}
		return nil
	}
	w, _ := Floats(want)
	worst, at, count := 0.0, 0, 0
	for i := range w {
		if h[i] == w[i] || h[i] != h[i] && w[i] != w[i] {
			continue
		}
		d := math.Abs(h[i]-w[i]) / (absolute + relative*math.Abs(w[i]))
		if d <= 1 {
			continue
		}
		if count++; d > worst || d != d {
			worst, at = d, i
		}
	}
	if count > 0 {
		return fmt.Errorf("%d of %d elements of %v differ, the most at %d: %v, want %v", count, len(w), want, at, h[at], w[at])
	}
	return nil
}

// Floats returns the elements of a tensor of numbers.
func Floats(t *tensor.Tensor) ([]float64, bool) {
	switch t.Type {
	case tensor.Float:
		return floats[float32](t), true
	case tensor.Double:
		return floats[float64](t), true
	case tensor.Int64:
		return floats[int64](t), true
	case tensor.Int32:
		return floats[int32](t), true
	case tensor.Int16:
		return floats[int16](t), true
	case tensor.Int8:
		return floats[int8](t), true
	case tensor.Uint64:
		return floats[uint64](t), true
	case tensor.Uint32:
		return floats[uint32](t), true
	case tensor.Uint16:
		return floats[uint16](t), true
	case tensor.Uint8, tensor.Bool:
		return floats[uint8](t), true
	}
	return nil, false
}

func floats[T tensor.Number](t *tensor.Tensor) []float64 {
	s := tensor.Slice[T](t)
	v := make([]float64, len(s))
	for i, e := range s {
		v[i] = float64(e)
	}
	return v
}

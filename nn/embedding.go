package nn

import (
	"context"
	"fmt"
	"slices"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// Embedding is a table with a row of features for each index, as PyTorch's nn.Embedding. Create one
// with [NewEmbedding].
type Embedding struct {
	name   string
	weight Tensor // count×features
}

var (
	_ Parametric = (*Embedding)(nil)
	_ Shaper     = (*Embedding)(nil)
)

// NewEmbedding returns a table of count rows. Its parameter is name.weight, count×features; it is
// zero until it is loaded. NewEmbedding panics if a size is not positive.
func NewEmbedding(name string, count, features int) *Embedding {
	if count <= 0 || features <= 0 {
		panic(fmt.Sprintf("nn: NewEmbedding %q: sizes %d and %d must be positive", name, count, features))
	}
	return &Embedding{name, allocarray.Wrap(make([]float32, count*features), count, features)}
}

// Count returns the number of rows: indices are 0 to Count-1.
func (e *Embedding) Count() int { return e.weight.Dim(0) }

// Features returns the length of a row.
func (e *Embedding) Features() int { return e.weight.Dim(1) }

// String describes the layer.
func (e *Embedding) String() string {
	return fmt.Sprintf("Embedding %q of %d×%d", e.name, e.Count(), e.Features())
}

// Forward returns the rows for the indices in x, of any shape, along a new last axis. It stands
// at the beginning of a [Chain], whose tensors hold float32: that is exact for tables of up to 2^24
// rows. It panics if an element is not an index; use [Lookup] for integers, and for indices that
// come from outside. If x is not contiguous, Forward takes memory for a copy of it.
func (e *Embedding) Forward(ctx context.Context, x Tensor) Tensor {
	if x.Rank() == 0 {
		panic(misfit(e, x))
	}
	y, bad, at := lookup(ctx, e, x)
	if at >= 0 {
		panic(fmt.Sprintf("nn: %v: element %d of the input is %v, no index", e, at, bad))
	}
	return y
}

// Lookup returns the rows of e for indices of any shape, along a new last axis, with memory from ctx,
// or an error if there is no such row. If ids is not contiguous, Lookup takes memory for a copy of it.
func Lookup[I int | int64 | int32 | int16 | int8 | uint | uint64 | uint32 | uint16 | uint8](ctx context.Context, e *Embedding, ids allocarray.AllocArray[I]) (Tensor, error) {
	y, bad, at := lookup(ctx, e, ids)
	if at >= 0 {
		return Tensor{}, fmt.Errorf("nn: %v: element %d of the input is %v, no index", e, at, bad)
	}
	return y, nil
}

// lookup returns the rows, or an element that is no index and its place; else at is -1.
func lookup[I int | int64 | int32 | int16 | int8 | uint | uint64 | uint32 | uint16 | uint8 | float32](ctx context.Context, e *Embedding, ids allocarray.AllocArray[I]) (y Tensor, bad I, at int) {
	copied := !ids.IsContiguous()
	if copied {
		ids = ids.Clone(ctx)
	}
	n, table := e.Features(), e.weight.Data()
	y = e.weight.Similar(ctx, append(ids.Shape(), n)...)
	rows := y.Data()
	at = -1
	for i, id := range ids.Data() {
		row := int(id)
		if row < 0 || row >= e.Count() || I(row) != id {
			bad, at = id, i
			break
		}
		copy(rows[i*n:(i+1)*n], table[row*n:])
	}
	if !ids.Live() {
		_ = ids.Data() // panics: what was read may be another scope's
	}
	requireLive(&y, &y)
	if copied {
		release(ctx, ids)
	}
	return y, bad, at
}

// OutputShape returns sample with the features as its last length.
func (e *Embedding) OutputShape(sample []int) ([]int, error) {
	return append(slices.Clone(sample), e.Features()), nil
}

// Parameters returns the table.
func (e *Embedding) Parameters() []Parameter {
	return []Parameter{{Name: e.name + ".weight", Value: e.weight}}
}

// ParametersChanged does nothing: Forward reads the table itself.
func (e *Embedding) ParametersChanged() {}

package allocarray_test

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
)

// operands is one array for each role that a call of the catalogue needs. With
// n = 4 all of one role fit together.
type operands[T allocarray.Element] struct {
	a, b, dst   allocarray.AllocArray[T]       // n×n
	rows        allocarray.AllocArray[T]       // n×n: a destination with contiguous rows
	line        allocarray.AllocArray[T]       // n: a destination of reductions
	tall        allocarray.AllocArray[T]       // 2n×n: of Concat
	one         allocarray.AllocArray[T]       // a single element
	mask, flags allocarray.AllocArray[uint8]   // n×n: a source and a destination
	places      allocarray.AllocArray[int]     // n: of ArgMaxAxis
	other       allocarray.AllocArray[float64] // n×n: of Convert
	c           allocarray.AllocArray[T]       // n×n: a third operand
	picks       allocarray.AllocArray[int]     // n×n: indices along an axis
	order       allocarray.AllocArray[int]     // n×n: a destination of indices
	segments    allocarray.AllocArray[int]     // n: of SegmentSum
	padded      allocarray.AllocArray[T]       // (n+3)×(n+3): of Pad
	bools       []bool                         // n·n
	fn          func(T) T                      // of Map
	fn2         func(a, b T) T                 // of Map2
	fn3         func(a, b, c T) T              // of Map3
}

const side = 4

func newOperands[T allocarray.Element](ctx context.Context) *operands[T] {
	return &operands[T]{
		a: allocarray.Full[T](ctx, 3, side, side), b: allocarray.Full[T](ctx, 2, side, side),
		dst:  allocarray.New[T](ctx, side, side),
		rows: allocarray.New[T](ctx, side, 2*side).Slice(1, 1, 1+side),
		line: allocarray.New[T](ctx, side), tall: allocarray.New[T](ctx, 2*side, side), one: allocarray.New[T](ctx, 1),
		mask: allocarray.New[uint8](ctx, side, side), flags: allocarray.New[uint8](ctx, side, side),
		places: allocarray.New[int](ctx, side), other: allocarray.New[float64](ctx, side, side),
		c: allocarray.Full[T](ctx, 1, side, side), picks: allocarray.Full(ctx, 1, side, side),
		order: allocarray.New[int](ctx, side, side), segments: allocarray.Full(ctx, 2, side),
		padded: allocarray.New[T](ctx, side+3, side+3), bools: make([]bool, side*side),
		fn:  func(v T) T { return v },
		fn2: func(a, b T) T { return a },
		fn3: func(a, b, c T) T { return a },
	}
}

// strided is the same operands as views without contiguous elements, but for those
// that must be contiguous or have a single element.
func strided[T allocarray.Element](ctx context.Context) *operands[T] {
	o := newOperands[T](ctx)
	o.a, o.b = stretchedOut(ctx, o.a), o.b.Transpose()
	o.dst, o.tall, o.line = stretchedOut(ctx, o.dst), stretchedOut(ctx, o.tall), stretchedOut(ctx, o.line)
	o.mask, o.flags = o.mask.Transpose(), stretchedOut(ctx, o.flags)
	o.places, o.other = stretchedOut(ctx, o.places), stretchedOut(ctx, o.other)
	o.c, o.picks, o.order = o.c.Transpose(), stretchedOut(ctx, o.picks), stretchedOut(ctx, o.order)
	o.segments, o.padded = stretchedOut(ctx, o.segments), stretchedOut(ctx, o.padded)
	return o
}

// stretchedOut is a copy of a with a gap behind every element.
func stretchedOut[T allocarray.Element](ctx context.Context, a allocarray.AllocArray[T]) allocarray.AllocArray[T] {
	shape := a.Shape()
	last := len(shape) - 1
	shape[last] *= 2
	view := allocarray.New[T](ctx, shape...).SliceStep(last, 0, shape[last], 2)
	a.CopyTo(view)
	return view
}

// roles copies each array of src to dst, one per function, so that a test can
// replace any one of them.
func roles[T allocarray.Element]() []func(dst, src *operands[T]) string {
	return []func(dst, src *operands[T]) string{
		func(dst, src *operands[T]) string { dst.a = src.a; return kind(src.a) },
		func(dst, src *operands[T]) string { dst.b = src.b; return kind(src.b) },
		func(dst, src *operands[T]) string { dst.dst = src.dst; return kind(src.dst) },
		func(dst, src *operands[T]) string { dst.rows = src.rows; return kind(src.rows) },
		func(dst, src *operands[T]) string { dst.line = src.line; return kind(src.line) },
		func(dst, src *operands[T]) string { dst.tall = src.tall; return kind(src.tall) },
		func(dst, src *operands[T]) string { dst.one = src.one; return kind(src.one) },
		func(dst, src *operands[T]) string { dst.mask = src.mask; return kind(src.mask) },
		func(dst, src *operands[T]) string { dst.flags = src.flags; return kind(src.flags) },
		func(dst, src *operands[T]) string { dst.places = src.places; return kind(src.places) },
		func(dst, src *operands[T]) string { dst.other = src.other; return kind(src.other) },
		func(dst, src *operands[T]) string { dst.c = src.c; return kind(src.c) },
		func(dst, src *operands[T]) string { dst.picks = src.picks; return kind(src.picks) },
		func(dst, src *operands[T]) string { dst.order = src.order; return kind(src.order) },
		func(dst, src *operands[T]) string { dst.segments = src.segments; return kind(src.segments) },
		func(dst, src *operands[T]) string { dst.padded = src.padded; return kind(src.padded) },
	}
}

package nn

import (
	"context"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/internal/gemm"
	"github.com/allocarrays/allocarrays-go/internal/kernel"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Forgetful is a [Layer] that can say that it keeps neither its input nor its output: once
// Forward has returned, it uses neither, and what it returned is its input, a view of that, or
// new. Between such layers, and those of this package, a [Chain] and the layers that have others
// in them release what no layer needs any more, and compute activations in place.
type Forgetful interface {
	Layer

	// Forgets reports whether the layer is so. It is asked when the layers are put together.
	Forgets() bool
}

// forgets reports whether l is known to keep neither its input nor its output. It lists the types
// of this package, for the reason that rectified gives: a type that embeds one may keep anything.
func forgets(l Layer) bool {
	switch l := l.(type) {
	case ReLU, Tanh, Sigmoid, GELU, Softmax, LogSoftmax, Dropout, LeakyReLU, SiLU, ELU, Softplus, HardSwish, HardSigmoid, ReLU6, Identity,
		ToNCHW, ToNHWC, Flatten, LastStep, MaxPool2D, AvgPool2D,
		*Dense, *QuantizedDense, *Conv1D, *Conv2D, *QuantizedConv2D, *ConvTranspose2D, *BatchNorm, *LayerNorm, *Embedding, *GRU, *LSTM,
		denseReLU, normReLU, quantizedDenseReLU, quantizedConvReLU:
		return true
	case *stage:
		return true
	case *Chain:
		return allForget(l.layers)
	case *Sequence:
		return allForget(l.chain.layers)
	case *Residual:
		return allForget(l.sum.branches)
	case *Sum:
		return allForget(l.branches)
	case *Product:
		return allForget(l.branches)
	case *Concat:
		return allForget(l.branches)
	case Forgetful:
		return l.Forgets()
	}
	return false
}

func allForget(layers []Layer) bool {
	for _, l := range layers {
		if !forgets(l) {
			return false
		}
	}
	return true
}

// A step is a layer as a chain computes it.
type step struct {
	Layer
	forgets   bool
	overwrite func(x Tensor) // computes the layer in place, if it is elementwise or a norm; or nil
}

// stepsOf returns the steps in which the layers are computed; see fuse.
func stepsOf(layers []Layer) (steps []step) {
	for _, l := range fuse(layers) {
		steps = append(steps, step{l, forgets(l), overwriter(l)})
	}
	return steps
}

// overwriter returns what computes an elementwise layer, a BatchNorm or a LayerNorm in place,
// with the bits of its Forward, for a tensor that is contiguous; nil if l is another layer.
func overwriter(l Layer) func(x Tensor) {
	elements := func(f func(dst, a []float32)) func(x Tensor) {
		return func(x Tensor) {
			f(x.Data(), x.Data())
			requireLive(&x, &x)
		}
	}
	switch l := l.(type) {
	case ReLU:
		return func(x Tensor) { allocarray.ReLUInto(x, x) }
	case Tanh:
		return func(x Tensor) { allocarray.TanhInto(x, x) }
	case Sigmoid:
		return func(x Tensor) { allocarray.SigmoidInto(x, x) }
	case GELU:
		if l.Approximate {
			return func(x Tensor) { allocarray.GELUTanhInto(x, x) }
		}
		return func(x Tensor) { allocarray.GELUInto(x, x) }
	case LeakyReLU:
		return elements(l.apply)
	case SiLU:
		return elements(kernel.SiLU)
	case ELU:
		return elements(l.apply)
	case Softplus:
		return elements(l.apply)
	case HardSwish:
		return elements(kernel.HardSwish)
	case HardSigmoid:
		return elements(l.apply)
	case ReLU6:
		return elements(l.apply)
	case *BatchNorm:
		return func(x Tensor) { l.overwrite(x, gemm.None) }
	case normReLU:
		return func(x Tensor) { l.overwrite(x, gemm.ReLU) }
	case *LayerNorm:
		return l.overwrite
	}
	return nil
}

// sharesMemory reports whether y may be x or a view of it: whether they have one stamp. Where
// blocks have none of their own, all of a scope have one.
func sharesMemory(x, y Tensor) bool { return x.Stamp() == y.Stamp() }

// release ends an array that nothing needs any more, if ctx's allocator takes it back. What is a
// part of an array, or of another allocator, lasts as long as its scope.
func release[T allocarray.Storage](ctx context.Context, x allocarray.AllocArray[T]) {
	if x.IsContiguous() && x.Live() {
		_ = scope.Release(ctx, x.Data(), x.Stamp())
	}
}

// releaseOutput releases y, which l has returned for x, if nothing can need it.
func releaseOutput(ctx context.Context, l Layer, x, y Tensor) {
	if !sharesMemory(x, y) && forgets(l) {
		release(ctx, y)
	}
}

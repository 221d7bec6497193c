package ops

import (
	"math"
	"strings"

	"github.com/allocarrays/allocarrays-go/internal/kernel"
)

// An activation is a function between the layers of a network, as recurrent layers name it.
type activation struct {
	op                *kernel.FloatOp // a vectorised form of it, or nil
	fn                func(x, alpha, beta float64) float64
	alpha, beta       float64
	hasAlpha, hasBeta bool
}

func vectorised(op kernel.FloatOp) *kernel.FloatOp { return &op }

// activations are by lower-case name: writers of files do not agree on it.
var activations = map[string]activation{
	"sigmoid":         {op: vectorised(kernel.Sigmoid)},
	"tanh":            {op: vectorised(kernel.Tanh)},
	"relu":            {fn: func(x, a, b float64) float64 { return max(x, 0) }},
	"affine":          {fn: func(x, a, b float64) float64 { return a*x + b }, alpha: 1, hasAlpha: true, hasBeta: true},
	"leakyrelu":       {fn: leaky, alpha: 0.01, hasAlpha: true},
	"thresholdedrelu": {fn: thresholded, alpha: 1, hasAlpha: true},
	"scaledtanh":      {fn: func(x, a, b float64) float64 { return a * math.Tanh(b*x) }, alpha: 1, beta: 1, hasAlpha: true, hasBeta: true},
	"hardsigmoid":     {fn: func(x, a, b float64) float64 { return max(0, min(1, a*x+b)) }, alpha: 0.2, beta: 0.5, hasAlpha: true, hasBeta: true},
	"elu":             {fn: elu, alpha: 1, hasAlpha: true},
	"softsign":        {fn: func(x, a, b float64) float64 { return softsign(x) }},
	"softplus":        {fn: func(x, a, b float64) float64 { return softplus(x) }},
}

func lower(name string) string { return strings.ToLower(name) }

// applyActivation sets dst to the function of x: for a gate of float32 as exactly as the sums of products are that it
// gets.
func applyActivation[T kernel.Float](f *activation, dst, x []T) {
	if f.op != nil {
		if d, ok := any(dst).([]float32); ok && *f.op == kernel.Sigmoid {
			kernel.GateSigmoid(d, any(x).([]float32))
			return
		} else if ok && *f.op == kernel.Tanh {
			kernel.GateTanh(d, any(x).([]float32))
			return
		}
		kernel.UnaryFloat(*f.op, dst, x)
		return
	}
	for i, v := range x {
		dst[i] = T(f.fn(float64(v), f.alpha, f.beta))
	}
}

func leaky(x, alpha, _ float64) float64 {
	if x < 0 {
		return alpha * x
	}
	return x
}

func thresholded(x, alpha, _ float64) float64 {
	if x > alpha {
		return x
	}
	return 0
}

func elu(x, alpha, _ float64) float64 {
	if x < 0 {
		return alpha * math.Expm1(x)
	}
	return x
}

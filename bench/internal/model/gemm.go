package model

import (
	"fmt"
	"strings"
)

// A Shape is that of a matrix product: M×K times K×N.
type Shape struct{ M, K, N int }

// String returns, for example, 32x784x128.
func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.M, s.K, s.N) }

// Flops returns the number of floating-point operations of the product.
func (s Shape) Flops() float64 { return 2 * float64(s.M) * float64(s.K) * float64(s.N) }

// A returns the left operand, row-major.
func (s Shape) A() []float32 { return Random(11, s.M*s.K, 1) }

// B returns the right operand, row-major.
func (s Shape) B() []float32 { return Random(12, s.K*s.N, 1) }

// Product computes the product in float64, plainly.
func (s Shape) Product() []float32 {
	a, b := s.A(), s.B()
	c := make([]float32, s.M*s.N)
	row := make([]float64, s.N)
	for i := range s.M {
		clear(row)
		for k := range s.K {
			v := float64(a[i*s.K+k])
			for j, w := range b[k*s.N:][:s.N] {
				row[j] += v * float64(w)
			}
		}
		for j, v := range row {
			c[i*s.N+j] = float32(v)
		}
	}
	return c
}

// ParseWork reads the name of a case of a child: gemm/32x784x128 gives the shape,
// mlp/32 and cnn/32 the batch.
func ParseWork(name string) (kind string, shape Shape, batch int, err error) {
	kind, rest, _ := strings.Cut(name, "/")
	if kind == "gemm" {
		_, err = fmt.Sscanf(rest, "%dx%dx%d", &shape.M, &shape.K, &shape.N)
	} else {
		_, err = fmt.Sscanf(rest, "%d", &batch)
	}
	if err != nil || min(shape.M, shape.K, shape.N, batch) < 0 {
		err = fmt.Errorf("no such work: %q", name)
	}
	return kind, shape, batch, err
}

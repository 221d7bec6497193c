package gemm

import "fmt"

// A shape is the size of a micro-kernel: rows of A by panels of B, or, for no
// panels, by the first vector of one: a narrow panel.
type shape struct{ rows, panels int }

// wide is how many panels the micro-kernel of the given height takes at once.
// Two FMA units of latency four need eight sums in flight, and a panel gives
// two per row; from four rows on one panel is enough.
func wide(rows int) int {
	switch rows {
	case 1:
		return 4
	case 2, 3:
		return 2
	}
	return 1
}

// unknown is the panic text for a shape nobody generated.
func (s shape) unknown() string {
	return fmt.Sprintf("gemm: no micro-kernel of %d rows by %d panels", s.rows, s.panels)
}

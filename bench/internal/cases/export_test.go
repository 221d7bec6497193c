package cases

import (
	"context"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/record"
)

// Checked measures one candidate that leaves what got returns.
func Checked(ctx context.Context, e *Env, fn func(n int), want []float32, got func() []float32) (record.Row, error) {
	g, err := e.measure(ctx, record.Group{}, time.Microsecond, checked("it", fn, want, got))
	return g.Rows[0], err
}

// LimitOf exports limitOf.
var LimitOf = limitOf

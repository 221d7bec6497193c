package nn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/guard"
)

// TestEndedDuringForward: when another goroutine ends the scope of a layer's input while
// it computes, and the memory is filled with other data, Forward panics or returns what
// it would have returned. It never returns a mixture.
func TestEndedDuringForward(t *testing.T) {
	if testenv.Race {
		t.Skip("it is a data race")
	}
	defer guard.Set(guard.Set(guard.Off)) // it writes to memory after its scope
	for _, layer := range []nn.Layer{
		nn.NewDense("dense", 64, 64),
		nn.NewConv2D("conv", 4, 16, nn.Square(3)),
		nn.QuantizeConv2D(randomConv("bytes", 4, 16, nn.Square(3))),
		nn.NewBatchNorm("norm", 4, 1e-5),
		nn.MaxPool2D{Window: nn.Square(2)},
		nn.SiLU{},
		nn.NewLSTM("lstm", 16, 8, nn.Recurrence{}),
		nn.NewGRU("gru", 16, 8, nn.Recurrence{}),
		nn.NewEmbedding("embedding", 2, 64),
		nn.NewResidual(nn.NewDense("residual", 64, 64)),
	} {
		if w, ok := layer.(nn.Parametric); ok {
			for _, p := range w.Parameters() {
				p.Value.Fill(1)
			}
			w.ParametersChanged()
		}
		shape := []int{8, 16, 16, 4}
		switch layer.(type) {
		case *nn.Dense, *nn.Residual, *nn.Embedding:
			shape = []int{256, 64}
		case *nn.LSTM, *nn.GRU:
			shape = []int{16, 16, 16}
		}
		ones := allocarray.Full[float32](t.Context(), 1, shape...)
		want := layer.Forward(t.Context(), ones).Clone(t.Context())
		caught := 0
		for range 100 {
			buf := bumper.NewAllocBuffer(1 << 20)
			x := ones.Clone(scope.WithAllocator(t.Context(), buf))
			data := x.Data()
			start, done := make(chan bool), make(chan error)
			go func() {
				<-start
				done <- forwardTwice(t.Context(), layer, x, want)
			}()
			start <- true
			_ = buf.Reset() // wrong: x is in use
			for i := range data {
				data[i] = 4242
			}
			if err := <-done; errors.Is(err, scope.ErrStale) {
				caught++
			} else {
				require.NoError(t, err)
			}
		}
		t.Logf("%v: caught %d of 100", layer, caught)
	}
}

// forwardTwice returns the error that Forward panics with, or one if its result is wrong.
func forwardTwice(ctx context.Context, layer nn.Layer, x, want nn.Tensor) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = v.(error)
		}
	}()
	for range 2 {
		y := layer.Forward(ctx, x)
		if !slices.Equal(y.Data(), want.Data()) {
			return fmt.Errorf("%v: another scope's data", layer)
		}
	}
	return nil
}

package onnx_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// The frames of GTCRN overlap by half.
const (
	gtcrnFrame = 512
	gtcrnHop   = 256
	gtcrnBins  = gtcrnFrame/2 + 1
)

// A fourier transforms frames, slowly. The windows are roots of Hann's. The one for the way
// back is a sample wider, as its authors took it from another library, and so has to be divided out.
type fourier struct{ cos, sin, window, wider [gtcrnFrame]float64 }

func newFourier() *fourier {
	f := &fourier{}
	for i := range gtcrnFrame {
		f.sin[i], f.cos[i] = math.Sincos(2 * math.Pi * float64(i) / gtcrnFrame)
		f.window[i] = math.Sin(math.Pi * float64(i) / gtcrnFrame)
		f.wider[i] = math.Sin(math.Pi * float64(i) / (gtcrnFrame - 1))
	}
	return f
}

// forward sets spectrum to real and imaginary parts in turn.
func (f *fourier) forward(spectrum, samples []float32) {
	for k := range gtcrnBins {
		var re, im float64
		for i, s := range samples {
			v := float64(s) * f.window[i]
			re += v * f.cos[i*k%gtcrnFrame]
			im -= v * f.sin[i*k%gtcrnFrame]
		}
		spectrum[2*k], spectrum[2*k+1] = float32(re), float32(im)
	}
}

// back adds the frame of a spectrum to samples.
func (f *fourier) back(samples, spectrum []float32) {
	for i := range samples {
		v := float64(spectrum[0])
		for k := 1; k < gtcrnBins; k++ {
			part := float64(spectrum[2*k])*f.cos[i*k%gtcrnFrame] - float64(spectrum[2*k+1])*f.sin[i*k%gtcrnFrame]
			if k < gtcrnBins-1 {
				part *= 2
			}
			v += part
		}
		samples[i] += float32(v / gtcrnFrame * f.wider[i] / (f.wider[i%gtcrnHop]*f.wider[i%gtcrnHop] + f.wider[i%gtcrnHop+gtcrnHop]*f.wider[i%gtcrnHop+gtcrnHop]))
	}
}

// TestGTCRN takes the noise out of speech, frame by frame, as its authors did.
func TestGTCRN(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir := filepath.Join(data(t), "models")
	noisy, want := readWave(t, filepath.Join(dir, "gtcrn-mix.wav")), readWave(t, filepath.Join(dir, "gtcrn-enh_stream.wav"))
	padded := make([]float32, len(noisy)+gtcrnFrame) // half a frame, mirrored, before and after
	copy(padded[gtcrnHop:], noisy)
	for i := range gtcrnHop {
		padded[gtcrnHop-1-i] = noisy[i+1]
		padded[gtcrnHop+len(noisy)+i] = noisy[len(noisy)-2-i]
	}
	p := compile(t, "models/gtcrn_simple.onnx")
	var states [3][]float32
	inputs := []onnx.Tensor{{}, {}, {}, {}}
	for i, shape := range [][]int{{2, 1, 16, 16, 33}, {2, 3, 1, 1, 16}, {2, 1, 33, 16}} {
		n := 1
		for _, d := range shape {
			n *= d
		}
		states[i] = make([]float32, n)
		inputs[1+i] = onnx.From(states[i], shape...)
	}
	f, ctx := newFourier(), scope.WithAllocator(context.Background(), bumper.NewSlabBuffer())
	have, spectrum := make([]float32, len(padded)), make([]float32, 2*gtcrnBins)
	inputs[0] = onnx.From(spectrum, 1, gtcrnBins, 1, 2)
	for at := 0; at+gtcrnFrame <= len(padded); at += gtcrnHop {
		f.forward(spectrum, padded[at:at+gtcrnFrame])
		require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
			out, err := p.Run(ctx, inputs...)
			if err != nil {
				return err
			}
			f.back(have[at:at+gtcrnFrame], onnx.Data[float32](out.At(0)))
			for i, s := range states {
				copy(s, onnx.Data[float32](out.At(1+i)))
			}
			return nil
		}))
	}
	have = have[gtcrnHop:]
	var signal, noise float64
	for i, w := range want {
		signal += float64(w) * float64(w)
		noise += (float64(have[i]) - float64(w)) * (float64(have[i]) - float64(w))
	}
	t.Logf("difference %.1f dB", 10*math.Log10(noise/signal))
	assert.Less(t, 10*math.Log10(noise/signal), -60.0)
}

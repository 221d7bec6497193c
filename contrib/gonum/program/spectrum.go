package program

import (
	"context"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/dsp/window"

	"github.com/allocarrays/allocarrays-go/scope"
)

// SpectrumBefore returns the mean power of each frequency in x, by Welch's method: windows of as
// many samples as fft has, which overlap by half.
func SpectrumBefore(fft *fourier.FFT, x []float64) []float64 {
	n := fft.Len()
	power := make([]float64, n/2+1)
	windows := 0
	for ; len(x) >= n; x = x[n/2:] {
		segment := window.Hann(append([]float64(nil), x[:n]...))
		for i, c := range fft.Coefficients(nil, segment) {
			power[i] += real(c)*real(c) + imag(c)*imag(c)
		}
		windows++
	}
	for i := range power {
		power[i] /= float64(windows)
	}
	return power
}

// SpectrumAfter is SpectrumBefore with the memory of ctx, in which the result is. Each window is
// released when it has been added.
func SpectrumAfter(ctx context.Context, fft *fourier.FFT, x []float64) []float64 {
	n := fft.Len()
	power := scope.Make[float64](ctx, n/2+1)
	windows := 0
	for ; len(x) >= n; x = x[n/2:] {
		err := scope.NoEscape(ctx, func(ctx context.Context) error {
			segment := scope.Make[float64](ctx, n)
			copy(segment, x)
			for i, c := range fft.Coefficients(scope.Make[complex128](ctx, n/2+1), window.Hann(segment)) {
				power[i] += real(c)*real(c) + imag(c)*imag(c)
			}
			return nil
		})
		if err != nil {
			panic(err)
		}
		windows++
	}
	for i := range power {
		power[i] /= float64(windows)
	}
	return power
}

package networks

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
)

// Wave returns the samples of a file of 16 bits and one channel, between -1 and 1.
func Wave(name string) ([]float32, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for at := 12; at+8 <= len(b); {
		n := int(binary.LittleEndian.Uint32(b[at+4:]))
		if string(b[at:at+4]) != "data" {
			at += 8 + n
			continue
		}
		b = b[at+8 : min(len(b), at+8+n)]
		s := make([]float32, len(b)/2)
		for i := range s {
			s[i] = float32(int16(binary.LittleEndian.Uint16(b[2*i:]))) / 32768
		}
		return s, nil
	}
	return nil, errors.New("networks: " + name + " has no samples")
}

// spectrum returns real and imaginary parts of the spectrum of samples under a root of Hann's window.
func spectrum(samples []float32) []float32 {
	n := len(samples)
	out := make([]float32, 0, n+2)
	for k := range n/2 + 1 {
		var re, im float64
		for i, s := range samples {
			v := float64(s) * math.Sin(math.Pi*float64(i)/float64(n))
			sin, cos := math.Sincos(2 * math.Pi * float64(i*k%n) / float64(n))
			re, im = re+v*cos, im-v*sin
		}
		out = append(out, float32(re), float32(im))
	}
	return out
}

package model

import (
	"fmt"
	"math"
	"strings"
)

// A Layer is a single layer of a network on images of Side×Side×In, or on rows:
//
//	conv-56x64x64       a convolution of 3×3, padded, from In to Out channels
//	depthwise-112x32x32 the same with a filter of its own for each channel
//	softmax-256x128     the softmax of 256 rows of 128 numbers
//	logsoftmax-256x128  its logarithm
//	layernorm-256x128   the normalisation of rows
//	dense-128x768x3072  a product of 128 rows of 768 with a matrix of 768×3072, and a bias
//	int8-128x768x3072   the same with bytes, of which each row's or the input's scale is found first
type Layer struct {
	Kind          string
	Side, In, Out int // rows have Side rows of In numbers
}

// ParseLayer reads the name of a layer.
func ParseLayer(name string) (l Layer, err error) {
	kind, rest, _ := strings.Cut(name, "-")
	l.Kind = kind
	switch kind {
	case "conv", "depthwise", "dense", "int8":
		_, err = fmt.Sscanf(rest, "%dx%dx%d", &l.Side, &l.In, &l.Out)
	case "softmax", "logsoftmax", "layernorm":
		_, err = fmt.Sscanf(rest, "%dx%d", &l.Side, &l.In)
	default:
		err = fmt.Errorf("no such layer: %q", name)
	}
	if err == nil && (l.Side < 1 || l.In < 1 || (l.IsImage() || l.IsDense()) && l.Out < 1) {
		err = fmt.Errorf("no such layer: %q", name)
	}
	return l, err
}

// String returns the name.
func (l Layer) String() string {
	if l.IsImage() || l.IsDense() {
		return fmt.Sprintf("%s-%dx%dx%d", l.Kind, l.Side, l.In, l.Out)
	}
	return fmt.Sprintf("%s-%dx%d", l.Kind, l.Side, l.In)
}

// IsImage reports whether the layer takes an image, and not rows.
func (l Layer) IsImage() bool { return l.Kind == "conv" || l.Kind == "depthwise" }

// IsDense reports whether the layer is a product of matrices.
func (l Layer) IsDense() bool { return l.Kind == "dense" || l.Kind == "int8" }

// LayerNormEpsilon is added to the variance of a row.
const LayerNormEpsilon = 1e-5

// Input returns an image, channels last, or rows.
func (l Layer) Input() []float32 {
	if l.IsImage() {
		return Random(60, l.Side*l.Side*l.In, 1)
	}
	return Random(60, l.Side*l.In, 3)
}

// Weights returns the filters, Out×In×3×3 and for a depthwise convolution Out×1×3×3, or the
// factors of a normalisation, or a matrix of Out×In, and the bias.
func (l Layer) Weights() (w, b []float32) {
	switch l.Kind {
	case "conv":
		return Random(61, l.Out*l.In*9, 1/math.Sqrt(float64(9*l.In))), Random(62, l.Out, 1)
	case "depthwise":
		return Random(61, l.Out*9, 1./3), Random(62, l.Out, 1)
	case "layernorm":
		return Random(61, l.In, 1), Random(62, l.In, 1)
	case "dense", "int8":
		return Random(61, l.Out*l.In, 1/math.Sqrt(float64(l.In))), Random(62, l.Out, 1)
	}
	return nil, nil
}

// Forward computes the layer plainly; images have the channels last.
func (l Layer) Forward() []float32 {
	x, y := l.Input(), []float32(nil)
	w, b := l.Weights()
	switch l.Kind {
	case "conv":
		return l.convolve(x, w, b, l.In)
	case "depthwise":
		return l.convolve(x, w, b, 1)
	}
	for ; len(x) > 0; x = x[l.In:] {
		row := x[:l.In]
		switch l.Kind {
		case "dense", "int8":
			y = append(y, dense(row, w, b)...)
		case "layernorm":
			y = append(y, normalize(row, w, b)...)
		default:
			p := append([]float32(nil), row...)
			Softmax(p)
			for i := range p {
				if l.Kind == "logsoftmax" {
					p[i] = float32(math.Log(float64(p[i])))
				}
			}
			y = append(y, p...)
		}
	}
	return y
}

// Bytes returns the weights of a dense layer as signed bytes, In×Out, and the scales of its outputs.
func (l Layer) Bytes() (w []byte, scales []float32) {
	weights, _ := l.Weights()
	w = make([]byte, len(weights))
	for o := range l.Out {
		most := float32(0)
		for _, v := range weights[o*l.In:][:l.In] {
			most = max(most, v, -v)
		}
		scales = append(scales, most/127)
		for i, v := range weights[o*l.In:][:l.In] {
			w[i*l.Out+o] = byte(int8(math.RoundToEven(float64(v / (most / 127)))))
		}
	}
	return w, scales
}

// convolve computes one padded 3×3 convolution, of which a filter has so many channels.
func (l Layer) convolve(x, w, b []float32, channels int) []float32 {
	y := make([]float32, l.Side*l.Side*l.Out)
	sums := make([]float64, l.Out)
	for p := range l.Side * l.Side {
		for o := range sums {
			sums[o] = float64(b[o])
		}
		for t := range 9 {
			r, s := p/l.Side+t/3-1, p%l.Side+t%3-1
			if r < 0 || s < 0 || r >= l.Side || s >= l.Side {
				continue
			}
			pixel := x[(r*l.Side+s)*l.In:][:l.In]
			for o := range sums {
				from := pixel
				if channels == 1 {
					from = pixel[o:][:1]
				}
				for c, v := range from {
					sums[o] += float64(v) * float64(w[(o*channels+c)*9+t])
				}
			}
		}
		for o, v := range sums {
			y[p*l.Out+o] = float32(v)
		}
	}
	return y
}

func normalize(x, w, b []float32) []float32 {
	mean, variance := 0.0, 0.0
	for _, v := range x {
		mean += float64(v) / float64(len(x))
	}
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean) / float64(len(x))
	}
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32((float64(v)-mean)/math.Sqrt(variance+LayerNormEpsilon)*float64(w[i]) + float64(b[i]))
	}
	return y
}

// ChannelsFirst turns an image of side×side×channels into channels×side×side.
func ChannelsFirst(x []float32, side, channels int) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i%channels*side*side+i/channels] = v
	}
	return y
}

// ChannelsLast is the inverse of ChannelsFirst.
func ChannelsLast(x []float32, side, channels int) []float32 {
	y := make([]float32, len(x))
	for i := range x {
		y[i] = x[i%channels*side*side+i/channels]
	}
	return y
}

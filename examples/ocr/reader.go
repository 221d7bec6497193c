package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/draw"

	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A reader reads text. Goroutines may share one.
type reader struct {
	detect, recognize *onnx.Program
	alphabet          []string // of what recognize has numbers for; the first is for no character
}

// A line is a line of text in a picture.
type line struct {
	box  image.Rectangle
	text string
	sure float32 // the mean probability of its characters
}

// load reads and compiles the models in a folder, and tells how far it is.
func load(folder string, progress func(int, string)) (*reader, error) {
	r := &reader{}
	for i, m := range []struct {
		name    string
		program **onnx.Program
	}{{"ch_PP-OCRv4_det_infer.onnx", &r.detect}, {"ch_PP-OCRv4_rec_infer.onnx", &r.recognize}} {
		progress(i, m.name)
		model, err := onnx.LoadFile(filepath.Join(folder, m.name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w; README.md says how to get it", err)
		}
		if err != nil {
			return nil, err
		}
		if *m.program, err = model.Compile(); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
	}
	const keys = "ppocr_keys_v1.txt"
	progress(2, keys)
	b, err := os.ReadFile(filepath.Join(folder, keys))
	if err != nil {
		return nil, err
	}
	r.alphabet = append([]string{""}, strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")...)
	r.alphabet = append(r.alphabet, " ")
	return r, nil
}

// read returns the lines of text in a picture, from top to bottom.
func (r *reader) read(ctx context.Context, img *image.RGBA) (lines []line, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		boxes, err := r.boxes(ctx, img)
		if err != nil {
			return err
		}
		for _, box := range boxes {
			l, err := r.line(ctx, img, box)
			if err != nil {
				return err
			}
			if l.text != "" {
				lines = append(lines, l)
			}
		}
		return nil
	})
	return lines, err
}

// longest is the longer side of the picture that is searched for text, in pixels; a larger one is made smaller.
const longest = 960

// boxes finds the lines of text.
func (r *reader) boxes(ctx context.Context, img *image.RGBA) ([]image.Rectangle, error) {
	size := img.Rect.Size()
	scale := min(1, longest/float64(max(size.X, size.Y)))
	steps := func(n int) int { return max(32, int(math.Round(float64(n)*scale/32))*32) } // of the network
	w, h := steps(size.X), steps(size.Y)
	x := tensor(ctx, img, img.Rect, w, w, h, [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225})
	out, err := r.detect.Run(ctx, x)
	if err != nil {
		return nil, err
	}
	if y := out.At(0); y.Type() != onnx.Float32 || y.Len() != w*h {
		return nil, fmt.Errorf("the network that finds text returns %v for %v", y, x)
	}
	boxes := find(ctx, onnx.Data[float32](out.At(0)), w, h)
	for i, b := range boxes {
		boxes[i] = image.Rect(b.Min.X*size.X/w, b.Min.Y*size.Y/h, (b.Max.X*size.X+w-1)/w, (b.Max.Y*size.Y+h-1)/h).Intersect(img.Rect)
	}
	return boxes, nil
}

// line reads what is in a box.
func (r *reader) line(ctx context.Context, img *image.RGBA, box image.Rectangle) (l line, err error) {
	const height, step, widest = 48, 64, 48 * 100 // few widths, so that plans are used again
	l.box = box
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		w := min(widest, max(1, height*box.Dx()/box.Dy()))
		x := tensor(ctx, img, box, w, (w+step-1)/step*step, height, [3]float32{0.5, 0.5, 0.5}, [3]float32{0.5, 0.5, 0.5})
		out, err := r.recognize.Run(ctx, x)
		if err != nil {
			return err
		}
		y := out.At(0)
		if y.Type() != onnx.Float32 || y.Rank() != 3 || y.Dim(2) != len(r.alphabet) {
			return errors.New("the network that reads text and its alphabet do not fit together")
		}
		l.text, l.sure = r.decode(onnx.Data[float32](y))
		return nil
	})
	return l, err
}

// decode makes text of the probabilities of the characters in each column: a character goes on while columns
// repeat it, and between two that are the same is a column with none.
func (r *reader) decode(p []float32) (string, float32) {
	var text strings.Builder
	var sure float32
	last, n := 0, len(r.alphabet)
	characters := 0
	for ; len(p) >= n; p = p[n:] {
		best := 0
		for i, v := range p[:n] {
			if v > p[best] {
				best = i
			}
		}
		if best != last && best != 0 {
			text.WriteString(r.alphabet[best])
			sure += p[best]
			characters++
		}
		last = best
	}
	return strings.TrimSpace(text.String()), sure / float32(max(1, characters))
}

// tensor returns a part of a picture, w by h, as planes of blue, green and red, padded to a width.
func tensor(ctx context.Context, img *image.RGBA, part image.Rectangle, w, width, h int, mean, deviation [3]float32) onnx.Tensor {
	small := &image.RGBA{Pix: scope.Make[uint8](ctx, 4*w*h), Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
	draw.BiLinear.Scale(small, small.Rect, img, part, draw.Src, nil)
	s := scope.Make[float32](ctx, 3*width*h)
	for c := range 3 {
		for y := range h {
			row := s[(c*h+y)*width:][:w]
			for x := range row {
				row[x] = (float32(small.Pix[4*(y*w+x)+2-c])/255 - mean[c]) / deviation[c]
			}
		}
	}
	return onnx.From(s, 1, 3, h, width)
}

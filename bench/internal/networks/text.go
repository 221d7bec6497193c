package networks

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/allocarrays/allocarrays-go/onnx"
)

// Page returns a picture of some lines as PP-OCR's detection takes it.
func Page(height, width int) onnx.Tensor {
	img := canvas(height, width)
	for i, text := range []string{"Arenas and scopes", "make memory that", "is free at once,", "in one step: 2026"} {
		write(img, text, 20, 60+70*i, 28)
	}
	return tensor(img, [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225})
}

// Line returns a picture of a line as its recognition takes it.
func Line(height, width int) onnx.Tensor {
	img := canvas(height, width)
	write(img, "Hello, planned memory", 6, 35, 29)
	return tensor(img, [3]float32{0.5, 0.5, 0.5}, [3]float32{0.5, 0.5, 0.5})
}

func canvas(height, width int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	return img
}

// write draws text whose base line begins at a point.
func write(img draw.Image, text string, x, y int, size float64) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err) // the font is part of the program
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		panic(err)
	}
	defer face.Close()
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.Black), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
}

// tensor returns the planes blue, green and red, less means, over deviations.
func tensor(img *image.RGBA, mean, deviation [3]float32) onnx.Tensor {
	h, w := img.Rect.Dy(), img.Rect.Dx()
	s := make([]float32, 3*h*w)
	for c := range 3 {
		for i := range h * w {
			s[c*h*w+i] = (float32(img.Pix[4*i+2-c])/255 - mean[c]) / deviation[c]
		}
	}
	return onnx.From(s, 1, 3, h, w)
}

package picture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/picture"
)

// page is how a digit gets onto a picture.
type page struct {
	zoom         int
	left, top    int // margins in pixels; those to the right and below are 15
	paper, ink   color.NRGBA
	noise        int     // largest deviation of the paper, in levels
	specks       int     // dots of 2x2 pixels in the margin, in the colour of the ink
	wantDistance float64 // mean, in levels
}

// mixed returns the colour a part v of 255 of the way from paper to ink.
func mixed(paper, ink color.NRGBA, v byte) color.NRGBA {
	m := func(a, b uint8) uint8 { return uint8((int(a)*(255-int(v)) + int(b)*int(v)) / 255) }
	return color.NRGBA{m(paper.R, ink.R), m(paper.G, ink.G), m(paper.B, ink.B), m(paper.A, ink.A)}
}

// render draws a digit on a page.
func (p page) render(digit [784]byte, rng *rand.Rand) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(7, -3, 7+p.left+28*p.zoom+15, -3+p.top+28*p.zoom+15)) // not at the origin
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			c := p.paper
			if dx, dy := x-7-p.left, y+3-p.top; dx >= 0 && dy >= 0 && dx/p.zoom < 28 && dy/p.zoom < 28 {
				c = mixed(p.paper, p.ink, digit[dy/p.zoom*28+dx/p.zoom])
			}
			if p.noise > 0 {
				d := rng.IntN(2*p.noise+1) - p.noise
				add := func(v uint8) uint8 { return uint8(max(0, min(255, int(v)+d))) }
				c = color.NRGBA{add(c.R), add(c.G), add(c.B), c.A}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	for range p.specks {
		x, y := img.Rect.Min.X+rng.IntN(max(1, p.left-20)), img.Rect.Min.Y+rng.IntN(img.Rect.Dy())
		for i := range 4 {
			img.SetNRGBA(x+i%2, y+i/2, p.ink)
		}
	}
	return img
}

// difference is the mean absolute difference of two images, in levels of 255,
// with b moved by up to one pixel where that makes it less: a centre of mass
// between two pixels is rounded this way or that by the slightest change.
func difference(a, b [784]byte) float64 {
	least := math.MaxInt
	for _, shift := range []int{0, -1, 1, -28, 28, -29, -27, 27, 29} {
		sum := 0
		for i := range a {
			moved := 0
			if j := i + shift; j >= 0 && j < len(b) {
				moved = int(b[j])
			}
			sum += max(int(a[i])-moved, moved-int(a[i]))
		}
		least = min(least, sum)
	}
	return float64(least) / 784
}

// TestNormalize draws digits, puts them on all sorts of pages, and expects
// nearly the same digits back: exactly the same but for a row of the faintest
// grey at the edge of some, which is taken for paper. For scale: two drawings of one digit differ by
// 25 levels or so.
func TestNormalize(t *testing.T) {
	black, white := color.NRGBA{0, 0, 0, 255}, color.NRGBA{255, 255, 255, 255}
	tests := []struct {
		name string
		page page
	}{
		{"as in MNIST", page{1, 0, 0, black, white, 0, 0, 1.5}},
		{"ten times as large", page{10, 0, 0, black, white, 0, 0, 1.5}},
		{"inverted", page{10, 0, 0, white, black, 0, 0, 1.5}},
		{"margins", page{10, 200, 40, white, black, 0, 0, 1.5}},
		{"odd size", page{3, 17, 1, white, black, 0, 0, 1.5}},
		{"blue on yellow paper", page{10, 30, 60, color.NRGBA{240, 225, 150, 255}, color.NRGBA{20, 30, 140, 255}, 0, 0, 1.5}},
		{"chalk on a green board", page{8, 50, 10, color.NRGBA{30, 80, 50, 255}, color.NRGBA{230, 230, 220, 255}, 0, 0, 1.5}},
		{"dark grey paper, darker ink", page{10, 30, 30, color.NRGBA{100, 100, 100, 255}, color.NRGBA{10, 10, 10, 255}, 0, 0, 1.5}},
		{"light grey paper, lighter ink", page{10, 30, 30, color.NRGBA{150, 150, 150, 255}, white, 0, 0, 1.5}},
		{"black on transparent", page{10, 30, 30, color.NRGBA{0, 0, 0, 0}, black, 0, 0, 1.5}},
		{"noisy paper", page{10, 60, 30, color.NRGBA{200, 195, 190, 255}, color.NRGBA{40, 40, 60, 255}, 12, 0, 4}},
		{"specks", page{10, 200, 30, white, black, 0, 12, 1.5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(11, 12))
			total := 0.0
			for i := range 10 {
				digit := digits.Draw(i, rng)
				got, err := picture.Normalize(t.Context(), tt.page.render(digit, rng))
				require.NoError(t, err)
				d := difference(digit, got)
				require.Less(t, d, 6.0, "\n%s\n%s", digits.ASCII(digit[:]), digits.ASCII(got[:]))
				total += d
			}
			require.Less(t, total/10, tt.page.wantDistance)
		})
	}
}

// TestProportions scales a bar and a block, whose results can be written down.
func TestProportions(t *testing.T) {
	tests := []struct {
		name               string
		ink                image.Rectangle
		left, top, wide, h int
	}{
		{"upright bar", image.Rect(90, 20, 110, 180), 13, 5, 3, 20}, // 20/160*20 = 2.5, rounded up
		{"lying bar", image.Rect(20, 95, 180, 105), 5, 14, 20, 1},
		{"block", image.Rect(150, 150, 170, 170), 5, 5, 20, 20},
		{"hairline", image.Rect(99, 20, 100, 180), 14, 5, 1, 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			img := image.NewGray(image.Rect(0, 0, 200, 200))
			for y := tt.ink.Min.Y; y < tt.ink.Max.Y; y++ {
				for x := tt.ink.Min.X; x < tt.ink.Max.X; x++ {
					img.SetGray(x, y, color.Gray{200})
				}
			}
			got, err := picture.Normalize(t.Context(), img)
			require.NoError(t, err)
			var want [784]byte
			for y := tt.top; y < tt.top+tt.h; y++ {
				for x := tt.left; x < tt.left+tt.wide; x++ {
					want[y*28+x] = 255
				}
			}
			require.Equal(t, digits.ASCII(want[:]), digits.ASCII(got[:]))
			require.Equal(t, want, got)
		})
	}
}

// TestBlank has pictures with nothing on them.
func TestBlank(t *testing.T) {
	fill := func(w, h int, at func(x, y int) uint8) image.Image {
		img := image.NewGray(image.Rect(0, 0, w, h))
		for i := range img.Pix {
			img.Pix[i] = at(i%w, i/w)
		}
		return img
	}
	rng := rand.New(rand.NewPCG(1, 1))
	tests := []struct {
		name string
		img  image.Image
	}{
		{"one pixel", fill(1, 1, func(x, y int) uint8 { return 90 })},
		{"white", fill(100, 80, func(x, y int) uint8 { return 255 })},
		{"black", fill(80, 100, func(x, y int) uint8 { return 0 })},
		{"transparent", image.NewNRGBA(image.Rect(0, 0, 30, 30))},
		{"faint", fill(100, 100, func(x, y int) uint8 { return uint8(200 + x/50*20) })},
		{"noise", fill(100, 100, func(x, y int) uint8 { return uint8(100 + rng.IntN(60)) })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := picture.Normalize(t.Context(), tt.img)
			require.EqualError(t, err, "picture: blank: no ink stands out from the background")
		})
	}
}

// TestTiny feeds pictures of very few pixels: an error or an image, no panic.
func TestTiny(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		img := image.NewGray(image.Rect(0, 0, 1+rng.IntN(7), 1+rng.IntN(7)))
		for i := range img.Pix {
			img.Pix[i] = uint8(rng.IntN(2) * 255)
		}
		got, err := picture.Normalize(t.Context(), img)
		if err == nil {
			require.Contains(t, got[:], byte(255), "%dx%d %v", img.Rect.Dx(), img.Rect.Dy(), img.Pix)
		}
	}
}

func TestNoPixels(t *testing.T) {
	_, err := picture.Normalize(t.Context(), image.NewGray(image.Rect(0, 0, 0, 5)))
	require.EqualError(t, err, "picture: picture of 0x5 pixels")
	_, err = picture.Normalize(t.Context(), image.NewUniform(color.White)) // a billion by a billion
	require.ErrorContains(t, err, "is over the limit of 64 megapixels")
}

// plain hides the fast path of the standard library's images.
type plain struct{ image.Image }

func TestAnyImage(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	img := page{zoom: 4, left: 9, top: 9, paper: color.NRGBA{255, 255, 255, 90}, ink: color.NRGBA{0, 0, 90, 250}}.
		render(digits.Draw(3, rng), rng)
	want, err := picture.Normalize(t.Context(), img)
	require.NoError(t, err)
	got, err := picture.Normalize(t.Context(), plain{img})
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// file writes data to a file of the test and returns its path.
func file(t *testing.T, data []byte) string {
	path := filepath.Join(t.TempDir(), "digit")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

func TestLoad(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	digit := digits.Draw(5, rng)
	img := page{zoom: 10, left: 20, top: 30, paper: color.NRGBA{250, 250, 240, 255}, ink: color.NRGBA{10, 10, 60, 255}}.render(digit, rng)
	tests := []struct {
		name   string
		encode func(io.Writer) error
	}{
		{"png", func(w io.Writer) error { return png.Encode(w, img) }},
		{"jpeg", func(w io.Writer) error { return jpeg.Encode(w, img, nil) }},
		{"gif", func(w io.Writer) error { return gif.Encode(w, img, nil) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, tt.encode(&b))
			got, err := picture.Load(t.Context(), file(t, b.Bytes()))
			require.NoError(t, err)
			require.Less(t, difference(digit, got), 4.0)
		})
	}
}

// pngHeader is the beginning of a PNG file of 8-bit grey that claims a size,
// with the right checksum: signature and IHDR chunk (ISO/IEC 15948, 11.2.2).
func pngHeader(width, height uint32) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, width)
	chunk = binary.BigEndian.AppendUint32(chunk, height)
	chunk = append(chunk, 8, 0, 0, 0, 0)
	data := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(chunk))
}

func TestLoadErrors(t *testing.T) {
	var good bytes.Buffer
	require.NoError(t, png.Encode(&good, image.NewGray(image.Rect(0, 0, 9, 9))))
	tests := []struct {
		name string
		data []byte
		want string // after the name of the file
	}{
		{"empty", nil, "not a PNG, JPEG or GIF picture: image: unknown format"},
		{"text", []byte("hello"), "not a PNG, JPEG or GIF picture: image: unknown format"},
		{"cut header", good.Bytes()[:20], "not a PNG, JPEG or GIF picture: unexpected EOF"},
		{"cut pixels", good.Bytes()[:good.Len()-20], "damaged png picture: png: invalid format: unexpected EOF"},
		{"header alone", pngHeader(100, 100), "damaged png picture: unexpected EOF"},
		{"huge", pngHeader(50_000, 50_000), "picture of 50000x50000 pixels is over the limit of 64 megapixels"},
		{"long", pngHeader(1, 1<<31-1), "picture of 1x2147483647 pixels is over the limit of 64 megapixels"},
		{"just over", pngHeader(8193, 8192), "picture of 8193x8192 pixels is over the limit of 64 megapixels"},
		{"blank", good.Bytes(), "blank: no ink stands out from the background"},
	}
	if strconv.IntSize == 32 { // the decoder's own limit comes first
		const overflow = "not a PNG, JPEG or GIF picture: png: unsupported feature: dimension overflow"
		for i, tt := range tests {
			if tt.name == "huge" || tt.name == "long" {
				tests[i].want = overflow
			}
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := file(t, tt.data)
			_, err := picture.Load(t.Context(), path)
			require.EqualError(t, err, fmt.Sprintf("picture: %s: %s", path, tt.want))
		})
	}
	missing := filepath.Join(t.TempDir(), "none.png")
	_, err := picture.Load(t.Context(), missing)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, err, "picture: "+missing+": no such file or directory")
}

// BenchmarkNormalize measures a picture of one megapixel.
func BenchmarkNormalize(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	img := page{zoom: 33, left: 60, top: 60, paper: color.NRGBA{255, 255, 255, 255}, ink: color.NRGBA{0, 0, 0, 255}}.
		render(digits.Draw(8, rng), rng)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := picture.Normalize(b.Context(), img); err != nil {
			b.Fatal(err)
		}
	}
}

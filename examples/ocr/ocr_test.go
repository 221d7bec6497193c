package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

// models returns a folder with the models under the names of the package, and skips the test without them.
func models(t *testing.T) string {
	t.Helper()
	data, dir := filepath.Join(testenv.Data(t, "onnx"), "models"), t.TempDir()
	for from, to := range map[string]string{
		"ppocr_v4_det.onnx": "ch_PP-OCRv4_det_infer.onnx", "ppocr_v4_rec.onnx": "ch_PP-OCRv4_rec_infer.onnx", "ppocr_keys_v1.txt": "ppocr_keys_v1.txt",
	} {
		b, err := os.ReadFile(filepath.Join(data, from))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, to), b, 0o600))
	}
	return dir
}

// A note is text to draw, at the left end of its base line.
type note struct {
	x, y int
	size float64
	text string
}

func picture(t testing.TB, w, h int, paper, ink color.Color, notes ...note) *image.RGBA {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, paper)
		}
	}
	f, err := opentype.Parse(goregular.TTF)
	require.NoError(t, err)
	for _, n := range notes {
		face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: n.size, DPI: 72})
		require.NoError(t, err)
		d := font.Drawer{Dst: img, Src: image.NewUniform(ink), Face: face, Dot: fixed.P(n.x, n.y)}
		d.DrawString(n.text)
		require.NoError(t, face.Close())
	}
	return img
}

func write(t testing.TB, img image.Image) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "page.png")
	require.NoError(t, save(name, img))
	return name
}

// TestReads draws text and reads it: what is read is what was written, and where.
func TestReads(t *testing.T) {
	dir := models(t)
	for name, c := range map[string]struct {
		w, h       int
		paper, ink color.Color
		notes      []note
	}{
		"a word":       {200, 80, color.White, color.Black, []note{{30, 50, 32, "Scope"}}},
		"lines":        {480, 300, color.White, color.Black, []note{{30, 60, 30, "Memory of a request"}, {30, 130, 30, "is free at its end,"}, {30, 200, 24, "42 times out of 42."}}},
		"side by side": {600, 100, color.White, color.Black, []note{{20, 60, 28, "left"}, {420, 58, 28, "right"}}},
		"white on blue": {
			400, 120, color.RGBA{20, 40, 120, 255}, color.White, []note{{30, 70, 34, "Invoice 2026-11"}},
		},
		"a large picture": {1500, 400, color.White, color.Black, []note{{100, 220, 90, "Made smaller first"}}},
	} {
		t.Run(name, func(t *testing.T) {
			img := picture(t, c.w, c.h, c.paper, c.ink, c.notes...)
			boxes := filepath.Join(t.TempDir(), "boxes.png")
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), []string{"-models", dir, "-o", boxes, write(t, img)}, &out, io.Discard))
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			require.Len(t, lines, len(c.notes), out.String())
			framed, err := open(boxes)
			require.NoError(t, err)
			for i, n := range c.notes {
				words := strings.SplitN(lines[i], "\t", 6)
				require.Len(t, words, 6, lines[i])
				require.Equal(t, n.text, words[5])
				var b image.Rectangle
				_, err := fmt.Sscan(strings.Join(words[:4], " "), &b.Min.X, &b.Min.Y, &b.Max.X, &b.Max.Y)
				require.NoError(t, err)
				require.True(t, image.Pt(n.x+int(n.size/3), n.y-int(n.size/4)).In(b), "%v is not in %v", n, b)
				require.Less(t, b.Dy(), int(2.5*n.size))
				require.Equal(t, color.RGBA{220, 0, 0, 255}, framed.At(b.Min.X, b.Min.Y))
			}
		})
	}
}

// TestMemory: after the first picture the buffer does not grow, and an empty picture has no text.
func TestMemory(t *testing.T) {
	r, err := load(models(t), func(int, string) {})
	require.NoError(t, err)
	buffer := bumper.NewSlabBuffer()
	ctx := scope.WithAllocator(context.Background(), buffer)
	img := picture(t, 320, 160, color.White, color.Black, note{20, 60, 30, "the same"}, note{20, 120, 30, "each time"})
	read := func(img *image.RGBA) []line {
		lines, err := r.read(ctx, img)
		require.NoError(t, err)
		return lines
	}
	first := read(img)
	require.Len(t, first, 2)
	grown := buffer.Stats().Capacity
	for range 3 {
		require.Equal(t, first, read(img))
		require.Empty(t, read(picture(t, 320, 160, color.White, color.Black)))
		require.Empty(t, read(picture(t, 1, 1, color.White, color.Black)))
	}
	require.Equal(t, grown, buffer.Stats().Capacity)
}

func TestFind(t *testing.T) {
	rows := []string{
		"..............................",
		"..............................",
		"..............................",
		"....#########.....#########...",
		"....#########.....#########...",
		"....#########.....#########...",
		"..............................",
		"..#...........................",
		"..............................",
		".......~~~~~~~~~~~~~..........",
		".......~~~~~~~~~~~~~..........",
		".......~~~~~~~~~~~~~..........",
		"..............................",
	}
	var p []float32
	for _, c := range strings.Join(rows, "") {
		p = append(p, map[rune]float32{'.': 0.01, '#': 0.9, '~': 0.4}[c])
	}
	ctx := scope.WithAllocator(t.Context(), bumper.NewSlabBuffer())
	require.NoError(t, scope.NoEscape(ctx, func(ctx context.Context) error {
		require.Equal(t, []image.Rectangle{image.Rect(2, 1, 15, 8), image.Rect(16, 1, 29, 8)}, find(ctx, p, len(rows[0]), len(rows)),
			"boxes grow by 1.5·27/24 pixels; a dot is none, and what is not certain neither")
		return nil
	}))
}

func TestErrors(t *testing.T) {
	page := write(t, picture(t, 10, 10, color.White, color.Black))
	empty := t.TempDir()
	huge := filepath.Join(empty, "huge.png")
	b, err := os.ReadFile(page)
	require.NoError(t, err)
	b = bytes.Replace(b, []byte{0, 0, 0, 10, 0, 0, 0, 10}, []byte{0, 0, 0, 10, 0, 1, 0, 10}, 1)
	require.NoError(t, os.WriteFile(huge, b, 0o600))
	for args, want := range map[string]string{
		"":                                      "got 0",
		"-o x.png " + page + " " + page:         "several without -o; got 2",
		"-nonsense":                             "-nonsense",
		"nothere.png":                           "nothere.png",
		"main.go":                               "main.go: image: unknown format",
		huge:                                    "huge.png: png",
		"-models " + empty + " " + page:         "ch_PP-OCRv4_det_infer.onnx",
		"-models " + empty + "/nothere " + page: "ch_PP-OCRv4_det_infer.onnx",
	} {
		err := run(t.Context(), strings.Fields(args), io.Discard, io.Discard)
		require.ErrorContains(t, err, want, args)
	}
}

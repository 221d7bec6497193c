// Ocr reads the text in a picture, with the networks of PP-OCRv4.
//
//	go run . -models package/assets -o boxes.png page.png
//
// A line for each line of text has its box, left, top, right and bottom in pixels, how sure the network is, and
// the text. With -o the picture is written again, with the boxes. README.md says where the models come from.
//
// A picture is a scope, and each line of text in it one of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif"
	_ "image/jpeg"
	"image/png"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/examples/internal/input"
	"github.com/allocarrays/allocarrays-go/examples/internal/progress"
	"github.com/allocarrays/allocarrays-go/scope"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "ocr:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, problems io.Writer) error {
	flags := flag.NewFlagSet("ocr", flag.ContinueOnError)
	flags.SetOutput(problems)
	flags.Usage = func() {
		fmt.Fprintln(problems, "usage: ocr [-models FOLDER] [-o BOXES.png] PICTURE…")
		flags.PrintDefaults()
	}
	models := flags.String("models", "package/assets", "`folder` of the models; see README.md")
	boxes := flags.String("o", "", "`file` for the picture with boxes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 || *boxes != "" && flags.NArg() != 1 {
		return fmt.Errorf("want one picture, or several without -o; got %d", flags.NArg())
	}
	// Opening a file may take forever, if it is a pipe.
	_, err := input.Await(ctx, func() (struct{}, error) {
		var pictures []*image.RGBA
		for _, name := range flags.Args() { // faults of files are found before the models are read
			img, err := open(name)
			if err != nil {
				return struct{}{}, err
			}
			pictures = append(pictures, img)
		}
		bar := progress.New(problems, "reading", 3+len(pictures))
		defer bar.Close()
		r, err := load(*models, bar.Set)
		if err != nil {
			return struct{}{}, err
		}
		ctx := scope.WithAllocator(ctx, bumper.NewSlabBuffer())
		for i, img := range pictures {
			bar.Set(3+i, flags.Arg(i))
			lines, err := r.read(ctx, img)
			if err != nil {
				return struct{}{}, fmt.Errorf("%s: %w", flags.Arg(i), err)
			}
			for _, l := range lines {
				b := l.box
				if _, err := fmt.Fprintf(out, "%d\t%d\t%d\t%d\t%.2f\t%s\n", b.Min.X, b.Min.Y, b.Max.X, b.Max.Y, l.sure, l.text); err != nil {
					return struct{}{}, err
				}
				frame(img, b)
			}
		}
		if *boxes == "" {
			return struct{}{}, nil
		}
		return struct{}{}, save(*boxes, pictures[0])
	})
	return err
}

// largest is how many pixels a picture may have.
const largest = 1 << 26

// open reads a picture.
func open(name string) (*image.RGBA, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head, _, err := image.DecodeConfig(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if head.Width == 0 || head.Height == 0 || head.Width > largest/head.Height {
		return nil, fmt.Errorf("%s: %d by %d pixels, want at most %d", name, head.Width, head.Height, largest)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	decoded, _, err := image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	img := image.NewRGBA(image.Rect(0, 0, head.Width, head.Height))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src) // what can be seen through is paper
	draw.Draw(img, img.Rect, decoded, decoded.Bounds().Min, draw.Over)
	return img, nil
}

// frame draws a box.
func frame(img draw.Image, b image.Rectangle) {
	red := image.NewUniform(color.RGBA{220, 0, 0, 255})
	for _, edge := range []image.Rectangle{
		{b.Min, image.Pt(b.Max.X, b.Min.Y+2)}, {image.Pt(b.Min.X, b.Max.Y-2), b.Max},
		{b.Min, image.Pt(b.Min.X+2, b.Max.Y)}, {image.Pt(b.Max.X-2, b.Min.Y), b.Max},
	} {
		draw.Draw(img, edge, red, image.Point{}, draw.Src)
	}
}

func save(name string, img image.Image) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, img), f.Close())
}

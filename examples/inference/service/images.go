package service

import (
	"bytes"
	"context"
	"image"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/examples/internal/picture"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A batch is the images that a request asks about.
type batch struct {
	pixels  []byte    // n·784, 0 paper to 255 ink, in the memory of the request
	drawn   bool      // made from one picture or drawing
	arrived time.Time // when the body was there
}

// took returns how long the service has worked on the batch.
func (in batch) took() time.Duration { return time.Since(in.arrived) }

// len returns how many images there are.
func (in batch) len() int { return len(in.pixels) / mlp.Pixels }

// read returns the images in the body of a request, one at least.
func (s *Service) read(ctx context.Context, r *http.Request) (batch, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	var decode func(ctx context.Context, r *http.Request, body []byte) (batch, error)
	switch kind {
	case "application/json":
		decode = s.readJSON
	case "application/octet-stream":
		decode = s.readRaw
	case "image/png":
		decode = s.readPNG
	default:
		return batch{}, fail(http.StatusUnsupportedMediaType,
			"Content-Type is %.60q, not application/json, image/png or application/octet-stream", r.Header.Get("Content-Type"))
	}
	if c := r.Header.Get("Content-Encoding"); c != "" && c != "identity" {
		return batch{}, fail(http.StatusUnsupportedMediaType, "Content-Encoding is %.40q; send the body as it is", c)
	}
	body, err := s.body(ctx, r)
	if err != nil {
		return batch{}, err
	}
	arrived := time.Now()
	in, err := decode(ctx, r, body)
	in.arrived = arrived
	switch {
	case err != nil:
		return batch{}, err
	case in.len() == 0:
		return batch{}, bad("there are no images")
	case in.len() > s.limits.Batch:
		return batch{}, fail(http.StatusRequestEntityTooLarge, "%d images are over the limit of %d", in.len(), s.limits.Batch)
	}
	return in, nil
}

// body returns the body of a request, in its memory. That grows with what arrives, not
// with what the header promises.
func (s *Service) body(ctx context.Context, r *http.Request) ([]byte, error) {
	if r.ContentLength > int64(s.limits.Body) {
		return nil, fail(http.StatusRequestEntityTooLarge, "a body of %d bytes is over the limit of %d", r.ContentLength, s.limits.Body)
	}
	const most = 64 << 10
	b := scope.NewBuilder[byte](ctx, int(max(512, min(r.ContentLength, most))))
	if _, err := scope.ReadFrom(b, r.Body, s.limits.Body); err != nil {
		return nil, err
	}
	return b.View(), nil
}

// readRaw takes a body of n·784 bytes for n images; or, with width and height in the
// query, of width·height bytes for a drawing.
func (s *Service) readRaw(ctx context.Context, r *http.Request, body []byte) (batch, error) {
	q := r.URL.Query()
	if !q.Has("width") && !q.Has("height") {
		if len(body)%mlp.Pixels != 0 {
			return batch{}, bad("a body of %d bytes is no number of images of %d pixels", len(body), mlp.Pixels)
		}
		return batch{pixels: body}, nil
	}
	width, err := s.side(q.Get("width"), "width")
	if err != nil {
		return batch{}, err
	}
	height, err := s.side(q.Get("height"), "height")
	if err != nil {
		return batch{}, err
	}
	if width*height != len(body) {
		return batch{}, bad("a body of %d bytes is no drawing of %dx%d pixels", len(body), width, height)
	}
	return s.normalized(ctx, &image.Gray{Pix: body, Stride: width, Rect: image.Rect(0, 0, width, height)})
}

// side returns the value of width or height.
func (s *Service) side(text, name string) (int, error) {
	const most = 4096
	v, err := strconv.Atoi(text)
	if err != nil || v < 1 || v > most {
		return 0, bad("%s is %.20q, not a number from 1 to %d", name, text, most)
	}
	return v, nil
}

var signature = []byte("\x89PNG\r\n\x1a\n")

// readPNG takes a body for a picture of a digit. Decoding takes much memory that no scope
// knows of, so only as many pictures as there are processors are decoded at a time.
func (s *Service) readPNG(ctx context.Context, _ *http.Request, body []byte) (batch, error) {
	if !bytes.HasPrefix(body, signature) {
		return batch{}, bad("the body is not a PNG picture")
	}
	if err := s.decoder(ctx); err != nil {
		return batch{}, err
	}
	defer func() { <-s.pictures }()
	img, err := picture.Decode(body, s.limits.Pixels)
	if err != nil {
		return batch{}, bad("%v", err)
	}
	return s.normalized(ctx, img)
}

// decoder waits until a picture may be decoded. The caller gives the place back.
func (s *Service) decoder(ctx context.Context) error {
	select {
	case s.pictures <- struct{}{}:
		return nil
	default:
	}
	full := time.NewTimer(s.limits.Queue)
	defer full.Stop()
	select {
	case s.pictures <- struct{}{}:
		return nil
	case <-full.C:
		return fail(http.StatusServiceUnavailable, "busy: too many pictures are waiting, try again")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// normalized returns a drawing as the model wants to see it.
func (s *Service) normalized(ctx context.Context, img image.Image) (batch, error) {
	digit, err := picture.Normalize(ctx, img)
	if err != nil {
		return batch{}, fail(http.StatusUnprocessableEntity, "%v", err)
	}
	pixels := scope.Make[byte](ctx, len(digit))
	copy(pixels, digit[:])
	return batch{pixels: pixels, drawn: true}, nil
}

package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/examples/inference/service"
	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
)

// wanted returns what the model makes of images, on the heap.
func wanted(t *testing.T, pixels []byte) []prediction {
	t.Helper()
	n := len(pixels) / mlp.Pixels
	p := mlp.Probabilities(context.Background(), model(t), allocarray.Wrap(pixels, n, mlp.Pixels))
	out := make([]prediction, n)
	for i := range out {
		row := p.Data()[i*mlp.Classes:][:mlp.Classes]
		best := 0
		for j, v := range row {
			if v > row[best] {
				best = j
			}
		}
		out[i] = prediction{best, row[best], row}
	}
	return out
}

// requireClose compares predictions. The text of an answer has six digits of each number.
func requireClose(t *testing.T, want, got []prediction) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, w := range want {
		require.Equal(t, w.Digit, got[i].Digit)
		require.InEpsilon(t, w.Probability, got[i].Probability, 1e-5)
		require.Len(t, got[i].Probabilities, mlp.Classes)
		for j, v := range w.Probabilities {
			require.InDelta(t, v, got[i].Probabilities[j], 1e-5*float64(v)+1e-40)
		}
	}
}

// numbers returns pixels as a JSON list, and images as a list of those.
func numbers(t *testing.T, pixels []byte) string {
	t.Helper()
	list := make([]int, len(pixels))
	for i, v := range pixels {
		list[i] = int(v)
	}
	text, err := json.Marshal(list)
	require.NoError(t, err)
	return string(text)
}

// TestFormats: all ways to say the same get the same answer.
func TestFormats(t *testing.T) {
	s := serve(t, service.DefaultLimits())
	set := digits.Generate(5, 3)
	want := wanted(t, set.Images)
	var rows []string
	for i := range 5 {
		rows = append(rows, numbers(t, set.Images[i*mlp.Pixels:][:mlp.Pixels]))
	}
	list := strings.Join(rows, " ,\n\t")
	for name, c := range map[string]struct {
		query, kind, body string
		want              []prediction
	}{
		"one":              {"", asJSON, `{"pixels":` + rows[0] + `}`, want[:1]},
		"one, spaced":      {"", "application/json; charset=utf-8", ` { "pixels" : ` + strings.ReplaceAll(rows[0], ",", " , ") + "\r\n} ", want[:1]},
		"images":           {"", asJSON, `{"images":[` + list + `]}`, want},
		"null beside":      {"", asJSON, `{"pixels":null,"images":[` + list + `]}`, want},
		"unknown beside":   {"", asJSON, `{"comment":"five","images":[` + list + `]}`, want},
		"raw":              {"", asRaw, string(set.Images), want},
		"raw, by name":     {"?memory=shared", asRaw, string(set.Images), want},
		"raw, on the heap": {"?memory=heap", asRaw, string(set.Images), want},
	} {
		t.Run(name, func(t *testing.T) {
			resp, got := s.post(c.query, c.kind, strings.NewReader(c.body))
			require.Equal(t, 200, resp.StatusCode, got.Error)
			requireClose(t, c.want, got.Predictions)
			require.Empty(t, got.Seen)
			require.Regexp(t, `^predict;dur=\d+\.\d{3}$`, resp.Header.Get("Server-Timing"))
		})
	}
}

// TestLargestBatch: the room for the text of an answer is enough.
func TestLargestBatch(t *testing.T) {
	limits := service.DefaultLimits()
	s := serve(t, limits)
	body := make([]byte, limits.Batch*mlp.Pixels)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range body { // noise gives the most digits
		body[i] = byte(rng.Uint32())
	}
	resp, got := s.post("", asRaw, bytes.NewReader(body))
	require.Equal(t, 200, resp.StatusCode)
	require.Len(t, got.Predictions, limits.Batch)
	require.Less(t, resp.ContentLength, int64(limits.Batch*(64+11*13)), "what the answer has room for")
}

// drawing returns a digit as a hand draws it on a pad: larger, somewhere, ink on paper.
func drawing(digit *[784]byte, zoom, left, top, width, height int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for y := range 28 * zoom {
		for x := range 28 * zoom {
			if p := image.Pt(left+x, top+y); p.In(img.Rect) {
				img.Pix[img.PixOffset(p.X, p.Y)] = digit[y/zoom*28+x/zoom]
			}
		}
	}
	return img
}

// TestDrawings: a drawing anywhere on the pad, raw or PNG, gets to the model as MNIST has
// digits: in a box of 20×20, its centre of mass in the middle of 28×28.
func TestDrawings(t *testing.T) {
	s := serve(t, service.DefaultLimits())
	rng := rand.New(rand.NewPCG(3, 4))
	right, all := 0, 0
	for digit := range 10 {
		for _, c := range []struct{ zoom, left, top, width, height int }{
			{4, 0, 0, 112, 112}, {2, 50, 3, 112, 112}, {3, 5, 20, 112, 112}, {3, 90, 10, 200, 101}, {20, 30, 40, 700, 640},
		} {
			drawn := digits.Draw(digit, rng)
			img := drawing(&drawn, c.zoom, c.left, c.top, c.width, c.height)
			_, raw := s.post(fmt.Sprintf("?width=%d&height=%d", c.width, c.height), asRaw, bytes.NewReader(img.Pix))
			resp, got := s.post("", asPNG, bytes.NewReader(encoded(t, img)))
			require.Equal(t, 200, resp.StatusCode, got.Error)
			require.Equal(t, raw, got, "the same from PNG")
			requireCentred(t, got.Seen)
			requireClose(t, wanted(t, got.Seen), got.Predictions)
			all++
			if got.Predictions[0].Digit == digit {
				right++
			}
		}
	}
	require.GreaterOrEqual(t, right, all*96/100, "of %d", all)
}

// requireCentred requires the convention of MNIST.
func requireCentred(t *testing.T, seen []byte) {
	t.Helper()
	require.Len(t, seen, mlp.Pixels)
	var box image.Rectangle
	var mass, x, y float64
	for i, v := range seen {
		if v > 0 {
			box = box.Union(image.Rect(i%28, i/28, i%28+1, i/28+1))
		}
		mass, x, y = mass+float64(v), x+float64(v)*(float64(i%28)+0.5), y+float64(v)*(float64(i/28)+0.5)
	}
	require.GreaterOrEqual(t, max(box.Dx(), box.Dy()), 19, "a faint edge may round to nothing")
	require.LessOrEqual(t, max(box.Dx(), box.Dy()), 20)
	require.InDelta(t, 14.5, x/mass, 0.51)
	require.InDelta(t, 14.5, y/mass, 0.51)
}

// TestOwnAnswers: many requests at the same time, of all kinds, each get the answer to
// what they asked, and leave nothing in the buffer.
func TestOwnAnswers(t *testing.T) {
	s := serve(t, service.DefaultLimits())
	const kinds = 16
	var bodies [kinds][]byte
	var want [kinds][]prediction
	for i := range kinds {
		bodies[i] = digits.Generate(1+i*i/4, uint64(i)).Images
		want[i] = wanted(t, bodies[i])
	}
	turns := 60
	if testing.Short() {
		turns = 16
	}
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range turns {
				k := (g*7 + i*5) % kinds
				query := [...]string{"", "?memory=heap"}[i&1]
				resp, err := s.client.Post("http://"+s.address+"/v1/predict"+query, asRaw, bytes.NewReader(bodies[k]))
				if err != nil {
					t.Error(err)
					return
				}
				var got answer
				if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
					t.Error(err)
				}
				resp.Body.Close()
				if len(got.Predictions) != len(want[k]) {
					t.Errorf("%d predictions for %d images", len(got.Predictions), len(want[k]))
					continue
				}
				for j, w := range want[k] {
					if p := got.Predictions[j]; p.Digit != w.Digit || p.Probability < w.Probability*0.9999 || p.Probability > w.Probability*1.0001 {
						t.Errorf("image %d of %d is %v, not %v", j, len(want[k]), p, w)
					}
				}
			}
		})
	}
	group.Wait()
	require.Eventually(t, func() bool { return s.service.Buffer().Stats().Used == 0 }, 20*time.Second, time.Millisecond) // clients are answered in the scope
	stats := s.service.Buffer().Stats()
	require.Zero(t, stats.Open)
	require.Zero(t, stats.Outside)
	require.Zero(t, stats.Late)
	require.EqualValues(t, 8*turns/2, stats.Regions, "one scope for each request that did not ask for the heap")
}

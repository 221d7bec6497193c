package service

import (
	"context"
	"encoding/base64"
	"math"
	"net/http"
	"strconv"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/nn"
	"github.com/allocarrays/allocarrays-go/scope"
)

// predict answers with the probabilities of each image in the request.
func (s *Service) predict(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return fail(http.StatusMethodNotAllowed, "%.20s is not allowed here, POST is", r.Method)
	}
	ctx := r.Context()
	in, err := s.read(ctx, r)
	if err != nil {
		return err
	}
	probabilities := mlp.Probabilities(ctx, s.model, allocarray.Wrap(in.pixels, in.len(), mlp.Pixels))
	text, err := answer(ctx, in, probabilities)
	if err != nil {
		return err
	}
	s.counts.images.Add(uint64(in.len()))
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("Server-Timing", "predict;dur="+strconv.FormatFloat(in.took().Seconds()*1e3, 'f', 3, 64))
	_, _ = w.Write(text) // an error means that the client has gone
	return nil
}

// What an answer takes at most, in bytes: around the predictions, for each of them, and
// for a drawing as the model saw it.
const (
	aroundAnswer  = 64
	eachAnswer    = 64 + (1+mlp.Classes)*len("-1.23456e-38,")
	drawingAnswer = 32 + (mlp.Pixels+2)/3*4
)

// answer returns the JSON text of an answer, in the memory of ctx:
//
//	{"predictions":[{"digit":7,"probability":0.99,"probabilities":[…]},…],"seen":"…"}
//
// "seen" is there for pictures and drawings only: what the model was shown, 784 bytes in
// base64.
func answer(ctx context.Context, in batch, probabilities nn.Tensor) ([]byte, error) {
	text := scope.Make[byte](ctx, aroundAnswer+in.len()*eachAnswer+drawingAnswer)[:0]
	text = append(text, `{"predictions":[`...)
	p := probabilities.Data()
	for i := range in.len() {
		row := p[i*mlp.Classes:][:mlp.Classes]
		digit := best(row)
		if math.IsNaN(float64(row[digit])) {
			return nil, fail(http.StatusInternalServerError, "the model gives no probabilities: its weights are too large")
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, `{"digit":`...)
		text = append(text, '0'+byte(digit))
		text = append(text, `,"probability":`...)
		text = number(text, row[digit])
		text = append(text, `,"probabilities":[`...)
		for j, v := range row {
			if j > 0 {
				text = append(text, ',')
			}
			text = number(text, v)
		}
		text = append(text, "]}"...)
	}
	text = append(text, ']')
	if in.drawn {
		text = append(text, `,"seen":"`...)
		text = base64.StdEncoding.AppendEncode(text, in.pixels)
		text = append(text, '"')
	}
	return append(text, "}\n"...), nil
}

// number appends a number to JSON text.
func number(text []byte, v float32) []byte { return strconv.AppendFloat(text, float64(v), 'g', 6, 32) }

// best returns the index of the largest element; of a NaN, if there is one.
func best(row []float32) (i int) {
	for j, v := range row {
		if v > row[i] || v != v {
			i = j
		}
	}
	return i
}

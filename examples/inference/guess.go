package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/examples/internal/digits"
	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/examples/internal/picture"
	"github.com/allocarrays/allocarrays-go/nn"
)

// A guess is the JSON object of -image.
type guess struct {
	Model         string               `json:"model"`
	Image         string               `json:"image"`
	Digit         int                  `json:"digit"`
	Probability   float32              `json:"probability"`
	Probabilities [mlp.Classes]float32 `json:"probabilities"`
}

// guess classifies the picture that the flags name, with memory from ctx, and prints
// what it is taken for.
func (o options) guess(ctx context.Context, model *nn.Chain, out *bufio.Writer) error {
	pixels, err := awaited(ctx, o.image, func() ([digits.Size * digits.Size]byte, error) { return picture.Load(ctx, o.image) })
	if err != nil {
		return err
	}
	probabilities := mlp.Probabilities(ctx, model, allocarray.Wrap(pixels[:], 1, mlp.Pixels))
	g := guess{Model: o.modelName(), Image: o.image, Digit: allocarray.ArgMax(probabilities)}
	copy(g.Probabilities[:], probabilities.Data())
	g.Probability = g.Probabilities[g.Digit]
	if math.IsNaN(float64(g.Probability)) {
		return errOverflow
	}
	if o.json {
		return json.NewEncoder(out).Encode(g)
	}
	out.WriteString(digits.ASCII(pixels[:]))
	g.write(out)
	return nil
}

// write writes the guess for people, with a bar for every digit.
func (g guess) write(out *bufio.Writer) {
	fmt.Fprintf(out, "\n%s is a %d, %.1f %%.\n\n", g.Image, g.Digit, 100*g.Probability)
	for digit, p := range g.Probabilities {
		bar := strings.Repeat("#", int(math.Round(40*float64(p))))
		fmt.Fprintf(out, "%d %5.1f %% %s\n", digit, 100*p, bar)
	}
}

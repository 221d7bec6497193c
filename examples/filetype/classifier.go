package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"unicode/utf8"

	"github.com/allocarrays/allocarrays-go/examples/internal/input"
	"github.com/allocarrays/allocarrays-go/onnx"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A Type is what a file is.
type Type struct {
	Type      string  `json:"type"`
	Score     float32 `json:"score"`     // the probability, from 0 to 1
	Confident bool    `json:"confident"` // the score reaches what Magika asks for this type
}

// A Classifier tells types. Any number of goroutines may use it.
type Classifier struct {
	program    *onnx.Program
	block      int // bytes of the beginning and of the end that are looked at
	begin, end int // of these, what the network gets of each, without white space around
	least      int // a smaller file does not go to the network
	padding    int32
	labels     []string
	sure       []float32 // probability, for each label
}

// Load reads the network and its configuration; read is called when the file is read, before it is
// compiled.
func Load(model, config string, read func()) (*Classifier, error) {
	text, err := input.Read(config, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("%s: %w%s", config, err, missing(err))
	}
	var k struct {
		Begin      int                `json:"beg_size"`
		Middle     int                `json:"mid_size"`
		End        int                `json:"end_size"`
		Block      int                `json:"block_size"`
		Least      int                `json:"min_file_size_for_dl"`
		Padding    int32              `json:"padding_token"`
		Labels     []string           `json:"target_labels_space"`
		Threshold  float32            `json:"medium_confidence_threshold"`
		Thresholds map[string]float32 `json:"thresholds"`
	}
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, fmt.Errorf("%s: %w", config, err)
	}
	const most = 1 << 20
	if k.Begin < 0 || k.Begin > most || k.End < 0 || k.End > most || k.Begin+k.End == 0 || k.Block < max(k.Begin, k.End) || k.Block > most || len(k.Labels) == 0 {
		return nil, fmt.Errorf("%s: this is not the configuration of Magika 3", config)
	}
	if k.Middle != 0 {
		return nil, fmt.Errorf("%s: the network wants bytes from the middle: this program gives none", config)
	}
	m, err := onnx.LoadFile(model)
	if err != nil {
		return nil, fmt.Errorf("%w%s", err, missing(err))
	}
	read()
	p, err := m.Compile()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", model, err)
	}
	if in, out := p.Inputs(), p.Outputs(); len(in) != 1 || len(out) != 1 || in[0].Type != onnx.Int32 || out[0].Type != onnx.Float32 {
		return nil, fmt.Errorf("%s: this is not Magika", model)
	}
	c := &Classifier{program: p, block: k.Block, begin: k.Begin, end: k.End, least: k.Least, padding: k.Padding, labels: k.Labels}
	for _, label := range k.Labels {
		least, ok := k.Thresholds[label]
		if !ok {
			least = k.Threshold
		}
		c.sure = append(c.sure, least)
	}
	return c, nil
}

// missing says where files come from, if there is none.
func missing(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "; README.md says how to get it"
	}
	return ""
}

// Type returns what a file is. All memory comes from ctx, and may be released when Type
// returns.
func (c *Classifier) Type(ctx context.Context, file Excerpt) (t Type, err error) {
	if len(file.Begin) < c.least { // too little to look at
		switch {
		case len(file.Begin) == 0:
			return Type{"empty", 1, true}, nil
		case utf8.Valid(file.Begin):
			return Type{"txt", 1, true}, nil
		}
		return Type{"unknown", 1, true}, nil
	}
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		out, err := c.program.Run(ctx, onnx.From(c.features(ctx, file), 1, c.begin+c.end))
		if err != nil {
			return err
		}
		scores := onnx.Data[float32](out.At(0))
		if len(scores) != len(c.labels) {
			return fmt.Errorf("the network knows %d types, its configuration %d", len(scores), len(c.labels))
		}
		best := 0
		for i, s := range scores {
			if s > scores[best] {
				best = i
			}
		}
		t = Type{c.labels[best], scores[best], scores[best] >= c.sure[best]}
		return nil
	})
	return t, err
}

// features returns the input of the network: bytes as numbers, padded in the middle.
func (c *Classifier) features(ctx context.Context, file Excerpt) []int32 {
	const space = " \t\n\r\v\f"
	f := scope.Make[int32](ctx, c.begin+c.end)
	for i := range f {
		f[i] = c.padding
	}
	begin := bytes.TrimLeft(file.Begin, space)
	for i, v := range begin[:min(c.begin, len(begin))] {
		f[i] = int32(v)
	}
	end := bytes.TrimRight(file.End, space)
	end = end[max(0, len(end)-c.end):]
	for i, v := range end {
		f[len(f)-len(end)+i] = int32(v)
	}
	return f
}

package memmap_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/plan"
	"github.com/allocarrays/allocarrays-go/plan/memmap"
)

var problem = plan.Problem{Blocks: []plan.Block{
	{Size: 1024, From: 0, To: 2}, {Size: 4096, From: 1, To: 3}, {Size: 2048, From: 2, To: 4}, {Size: 0, From: 0, To: 9},
}}

func TestWrite(t *testing.T) {
	p, err := plan.Pack(problem)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, memmap.Write(&out, problem, p, memmap.Options{Title: "a <b> & c", Labels: []string{"conv", "<script>", "dense", "none"}}))

	rects, texts := 0, []string{}
	for d := xml.NewDecoder(&out); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, "the image is well-formed")
		switch x := token.(type) {
		case xml.StartElement:
			if x.Name.Local == "rect" {
				rects++
			}
		case xml.CharData:
			texts = append(texts, strings.TrimSpace(string(x)))
		}
	}
	assert.Equal(t, 1+3, rects, "the paper, and each block that needs memory")
	assert.Contains(t, texts, "conv")
	assert.Contains(t, texts, "<script>")
	assert.Contains(t, texts, "a <b> & c")
	assert.Contains(t, texts, "conv: 1 KiB, [0, 2), at 4096")
	assert.Contains(t, texts, "lower bound 6 KiB")
	assert.Contains(t, texts, "4 blocks, peak 6 KiB, which no plan can beat")
}

// What is no plan is not drawn.
func TestWriteRefuses(t *testing.T) {
	p, err := plan.Pack(problem)
	require.NoError(t, err)
	assert.ErrorContains(t, memmap.Write(io.Discard, problem, p, memmap.Options{Labels: []string{"one"}}), "1 labels for 4 blocks")
	p.Offsets = []int64{0, 0, 0, 0}
	assert.ErrorContains(t, memmap.Write(io.Discard, problem, p, memmap.Options{}), "overlap")
}

func TestWriteEmpty(t *testing.T) {
	p, err := plan.Pack(plan.Problem{})
	require.NoError(t, err)
	assert.NoError(t, memmap.Write(io.Discard, plan.Problem{}, p, memmap.Options{}))
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 4817152: "4.594 MiB", 5 << 40: "5 TiB", 1 << 62: "4194304 TiB"} {
		assert.Equal(t, want, memmap.Bytes(n))
	}
}

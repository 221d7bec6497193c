package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/plan"
)

const chain = "id,lower,upper,size\na,0,2,1024\nb,1,3,4096\nc,2,4,2048\n"

func TestRun(t *testing.T) {
	svg := filepath.Join(t.TempDir(), "map.svg")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-json", "-svg", svg, "-"}, strings.NewReader(chain), &out, io.Discard))
	assert.JSONEq(t, `{"blocks":3,"lower_bound":6144,"peak":6144,"proved":true,"ms":0,"offsets":{"a":4096,"b":0,"c":4096}}`,
		withoutTime(t, out.Bytes()))
	drawn, err := os.ReadFile(svg)
	require.NoError(t, err)
	assert.Contains(t, string(drawn), "b: 4 KiB, [1, 3), at 0")

	out.Reset()
	require.NoError(t, run(t.Context(), []string{"-mode", "search", "-"}, strings.NewReader(chain), &out, io.Discard))
	assert.Contains(t, out.String(), "no plan is better")
	out.Reset()
	require.NoError(t, run(t.Context(), []string{"-training", "200"}, nil, &out, io.Discard))
	assert.Contains(t, out.String(), "blocks       200")
}

func withoutTime(t *testing.T, data []byte) string {
	var fields map[string]any
	require.NoError(t, json.Unmarshal(data, &fields))
	fields["ms"] = 0
	out, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(out)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {"-mode", "slow", "-"}, {"-time", "-1s", "-"}, {"-training", "5", "-"}, {"-x"}} {
		var stderr bytes.Buffer
		require.ErrorIs(t, run(t.Context(), args, strings.NewReader(chain), io.Discard, &stderr), errUsage, "%v", args)
		assert.Contains(t, stderr.String(), "-mode", "%v", args)
	}
	assert.ErrorIs(t, run(t.Context(), []string{"/nowhere/at.csv"}, nil, io.Discard, io.Discard), os.ErrNotExist)
}

// A broken file is an error that says where and why.
func TestBrokenFiles(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                  "empty; want a header",
		"id,lower,upper\n":                                  `no column "size"`,
		"id,lower,upper,size,colour\n":                      `column "colour" is unknown`,
		"id,lower,start,upper,size\n":                       `column "start" is unknown or given twice`,
		"id,lower,upper,size\na,0,1\n":                      "wrong number of fields",
		"id,lower,upper,size\na,0,x,4\n":                    `in:2: upper: "x" is not a number`,
		"id,lower,upper,size\na,0,1,\n":                     "in:2: size is missing",
		"id,lower,upper,size\na,0,1,4\na,0,1,4\n":           `in:3: id "a" is given twice`,
		"id,lower,upper,size,gaps\na,0,9,4,2-3\n":           "gaps in lives are not supported",
		"id,lower,upper,size\n\"a,0,1,4\n":                  `extraneous or missing " in quoted-field`,
		"id,lower,upper,size\na,0,99999999999999999999,4\n": "is not a number",
	} {
		_, err := read(strings.NewReader(text), "in")
		assert.ErrorContains(t, err, want, "%q", text)
	}
}

// All names of columns are known; a column named end is inclusive.
func TestColumns(t *testing.T) {
	f, err := read(strings.NewReader("Buffer_ID, start, end, size, alignment, offset\nx, 1, 3, 64, 32, 96\ny,1,1,5,,\n"), "in")
	require.NoError(t, err)
	assert.Equal(t, []plan.Block{
		{Size: 64, Align: 32, From: 1, To: 4, Fixed: true, Offset: 96}, {Size: 5, From: 1, To: 2},
	}, f.problem.Blocks)
	assert.Equal(t, []string{"x", "y"}, f.ids)
}

// The instances of MiniMalloc that are at hand are solved to the optimum, which is the
// lower bound, without a search.
func TestHardInstances(t *testing.T) {
	for _, name := range []string{"A", "B", "C"} {
		t.Run(name, func(t *testing.T) {
			f, err := open(filepath.Join(testenv.Data(t, "minimalloc"), name+".1048576.csv"), nil)
			require.NoError(t, err)
			got, err := plan.Pack(f.problem)
			require.NoError(t, err)
			assert.True(t, got.Proved(), "peak %d, bound %d", got.Peak, got.Bound)
			assert.LessOrEqual(t, got.Peak, int64(1<<20))
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(chain)
	f.Add("id,lower,end,size,alignment,offset\nx,1,3,64,32,96\n")
	f.Fuzz(func(t *testing.T, text string) {
		in, err := read(strings.NewReader(text), "in")
		if err != nil || len(in.ids) > 200 {
			return
		}
		got, err := plan.Pack(in.problem)
		if err != nil {
			return
		}
		require.NoError(t, plan.Check(in.problem, got.Offsets))
	})
}

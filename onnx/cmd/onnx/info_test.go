package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/npy"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/plan/memmap"
)

// fields calls fn with each field of a message.
func fields(t testing.TB, b []byte, fn func(num protowire.Number, v []byte, n uint64)) {
	t.Helper()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		require.Positive(t, n)
		b = b[n:]
		switch typ {
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			require.Positive(t, n)
			fn(num, v, 0)
			b = b[n:]
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			require.Positive(t, n)
			fn(num, nil, v)
			b = b[n:]
		default:
			n := protowire.ConsumeFieldValue(num, typ, b)
			require.Positive(t, n)
			b = b[n:]
		}
	}
}

// An account is what a model takes, counted by what comes out of it if all its intermediates are outputs.
type account struct {
	operators              map[string]int
	macs, sum, live, nodes int64
	parameters             int64
}

// count runs a model, with the arguments given and all its intermediates as outputs, and counts.
func countAll(t *testing.T, model string, args []string) account {
	t.Helper()
	b, err := os.ReadFile(model)
	require.NoError(t, err)
	var nodes []node
	var given []string
	shapes := map[string][]int{}
	bytesOf, constant := map[string]int64{}, map[string]bool{}
	a := account{operators: map[string]int{}}
	fields(t, b, func(num protowire.Number, graph []byte, _ uint64) {
		if num != 7 {
			return
		}
		fields(t, graph, func(num protowire.Number, v []byte, _ uint64) {
			switch num {
			case 1:
				var n node
				fields(t, v, func(num protowire.Number, v []byte, _ uint64) {
					switch num {
					case 1:
						n.in = append(n.in, string(v))
					case 2:
						n.out = append(n.out, string(v))
					case 4:
						n.op = string(v)
					}
				})
				nodes = append(nodes, n)
				a.operators[n.op]++
			case 5:
				name, shape := "", []int{}
				fields(t, v, func(num protowire.Number, v []byte, n uint64) {
					switch {
					case num == 8:
						name = string(v)
					case num == 1 && v == nil:
						shape = append(shape, int(n))
					case num == 1:
						for len(v) > 0 {
							n, size := protowire.ConsumeVarint(v)
							shape, v = append(shape, int(n)), v[size:]
						}
					}
				})
				shapes[name], constant[name] = shape, true
			case 12:
				fields(t, v, func(num protowire.Number, v []byte, _ uint64) {
					if num == 1 {
						given = append(given, string(v))
					}
				})
			}
		})
	})
	var more []byte // a message that is there twice is merged
	for _, n := range nodes {
		for _, v := range n.out {
			if v != "" && !slices.Contains(given, v) {
				more = field(more, 12, field(nil, 1, []byte(v)))
			}
		}
	}
	dir := t.TempDir()
	status, _, problems := onnx(t, append(append([]string{"run", "-out", filepath.Join(dir, "all.npz")}, args...), put(t, dir, "all.onnx", field(b, 7, more)))...)
	require.Zero(t, status, problems)
	content, err := os.ReadFile(filepath.Join(dir, "all.npz"))
	require.NoError(t, err)
	all, err := npy.OpenArchive(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	elements := func(shape []int) int64 {
		n := int64(1)
		for _, d := range shape {
			n *= int64(d)
		}
		return n
	}
	for _, name := range all.Names() {
		h, err := all.Header(name)
		require.NoError(t, err)
		shapes[name] = h.Shape
		size, err := strconv.Atoi(h.Descr[2:])
		require.NoError(t, err)
		bytesOf[name] = (elements(h.Shape)*int64(size) + 63) / 64 * 64
	}
	last := map[string]int{}
	for i, n := range nodes {
		for _, v := range n.in {
			last[v] = i
		}
	}
	live := map[string]bool{}
	for i, n := range nodes {
		if strings.HasPrefix(n.op, "Constant") { // and ConstantOfShape, of constants here
			constant[n.out[0]] = true
			continue
		}
		a.nodes++
		for _, v := range n.in {
			if constant[v] {
				a.parameters += elements(shapes[v])
				delete(constant, v) // it counts once
			}
		}
		switch n.op {
		case "Conv":
			a.macs += elements(shapes[n.out[0]]) * elements(shapes[n.in[1]][1:])
		case "ConvTranspose":
			a.macs += elements(shapes[n.in[0]]) * elements(shapes[n.in[1]][1:])
		case "MatMul", "Gemm":
			x := shapes[n.in[0]]
			a.macs += elements(shapes[n.out[0]]) * int64(x[len(x)-1])
		}
		for _, v := range n.out {
			if v != "" && !slices.Contains(given, v) && n.op != "Dropout" { // which gives what it gets
				live[v] = true
				a.sum += bytesOf[v]
			}
		}
		var now int64
		for v := range live {
			now += bytesOf[v]
		}
		a.live = max(a.live, now)
		for v := range live {
			if last[v] <= i {
				delete(live, v)
			}
		}
	}
	return a
}

// TestInfo: what info says of networks whose shapes do not depend on data is what a count of their intermediates gives.
func TestInfo(t *testing.T) {
	dir := testenv.Data(t, "onnx")
	for model, args := range map[string][]string{
		"models/ppocr_v4_det.onnx":    {"-shape", "x=1,3,96,160"},
		"light/light_squeezenet.onnx": nil,
	} {
		t.Run(model, func(t *testing.T) {
			model = filepath.Join(dir, filepath.FromSlash(model))
			want := countAll(t, model, args)
			status, text, problems := onnx(t, append(append([]string{"info"}, args...), model)...)
			require.Zero(t, status, problems)
			var operators []string
			for op, n := range want.operators {
				operators = append(operators, fmt.Sprintf("%s %d", op, n))
			}
			slices.Sort(operators)
			require.Contains(t, text, "operators  "+strings.Join(operators, ", ")+"\n")
			require.Contains(t, text, fmt.Sprintf("nodes      %d, computed in ", want.nodes))
			require.Contains(t, text, fmt.Sprintf("MACs       %d\n", want.macs))
			require.Contains(t, text, fmt.Sprintf("memory     %s in all, %s at the same time at least, ", memmap.Bytes(want.sum), memmap.Bytes(want.live)))
			require.Contains(t, text, fmt.Sprintf("parameters %d\n", want.parameters))
			planned := regexp.MustCompile(`least, (\S+ \S+) planned \((\S+) of that\)`).FindStringSubmatch(text)
			require.NotNil(t, planned, text)
			ratio, err := strconv.ParseFloat(planned[2], 64)
			require.NoError(t, err)
			require.Less(t, ratio, 1.1)
		})
	}
}

// TestPublishedCounts: multiply-adds of networks as others count them.
func TestPublishedCounts(t *testing.T) {
	dir := testenv.Data(t, "onnx")
	for model, c := range map[string]struct {
		args []string
		macs float64 // in millions
	}{
		"models/ppocr_v4_det.onnx":         {[]string{"-shape", "x=1,3,320,320"}, 576},
		"models/ppocr_v4_rec.onnx":         {[]string{"-shape", "x=1,3,48,320"}, 703},
		"models/magika_v3_3.onnx":          {nil, 367},
		"models/gtcrn_simple.onnx":         {nil, 0.5},
		"models/silero_vad_v6.onnx":        {[]string{"-bind", "sr=16000", "-shape", "input=1,576", "-shape", "state=2,1,128"}, 0.7},
		"light/light_resnet50.onnx":        {nil, 4089},
		"light/light_squeezenet.onnx":      {nil, 349},
		"models/silero_vad_v6_ifless.onnx": {[]string{"-bind", "sr=16000", "-shape", "input=1,576", "-shape", "state=2,1,128"}, 0.7},
	} {
		if testing.Short() && strings.HasPrefix(model, "light/") {
			continue
		}
		status, text, problems := onnx(t, append(append([]string{"info"}, c.args...), filepath.Join(dir, filepath.FromSlash(model)))...)
		require.Zero(t, status, problems)
		m := regexp.MustCompile(`MACs +(\d+)\n`).FindStringSubmatch(text)
		require.NotNil(t, m, text)
		n, err := strconv.ParseFloat(m[1], 64)
		require.NoError(t, err)
		require.InEpsilon(t, c.macs*1e6, n, 0.1, model)
	}
}

func TestInfoErrors(t *testing.T) {
	dir := t.TempDir()
	model := put(t, dir, "m.onnx", file([]node{
		{name: "why", op: "Frobnicate", in: []string{"x"}, out: []string{"y"}},
		{name: "fine", op: "Relu", in: []string{"y"}, out: []string{"u"}},
		{name: "too", domain: "com.example", op: "Whirl", in: []string{"u"}, out: []string{"z"}},
	}, nil, []port{{"x", tensor.Float, []int{-1, 3}}}, []port{{"z", tensor.Float, nil}}))
	status, text, problems := onnx(t, "info", model)
	require.Equal(t, 1, status)
	require.Empty(t, problems)
	require.Contains(t, text, "input      x float[n,3]\n")
	require.Contains(t, text, "operators  Frobnicate 1, Relu 1, com.example.Whirl 1\n")
	require.Contains(t, text, "unsupported node \"why\": Frobnicate of opset 21\n")
	require.Contains(t, text, "unsupported node \"too\": com.example.Whirl of opset")

	good := put(t, dir, "good.onnx", file([]node{{name: "n", op: "Relu", in: []string{"x"}, out: []string{"y"}}}, nil,
		[]port{{"x", tensor.Float, []int{-1, 3}}}, []port{{"y", tensor.Float, nil}}))
	for want, args := range map[string][]string{
		`input "x" is float[2,2], want [n,3]`:   {"-shape", "x=2,2", good},
		"bytes of inputs are more than -memory": {"-shape", "x=1000000000,3", good},
		"is too large":                          {"-shape", "x=1000000000000000000,3", good},
		"no input \"q\"":                        {"-shape", "q=2", good},
		"none.onnx":                             {filepath.Join(dir, "none.onnx")},
	} {
		status, _, problems := onnx(t, append([]string{"info"}, args...)...)
		require.Equal(t, 1, status)
		require.Contains(t, problems, want)
	}
	status, text, problems = onnx(t, "info", "-nodes", "-shape", "x=7,3", good)
	require.Zero(t, status, problems)
	require.Contains(t, text, "Relu               float[7,3] → float[7,3]  n\n")
}

// TestMap: the map is well-formed XML, whatever the nodes are called, and has colours for both schemes.
func TestMap(t *testing.T) {
	dir := t.TempDir()
	evil := "</text><script>alert(1)</script>&\x00\x1b\"'"
	var nodes []node
	for i, name := range []string{"x", "a", "b", "c"} {
		if i < 3 {
			nodes = append(nodes, node{name: evil, op: "Softmax", in: []string{name}, out: []string{string(rune('a' + i))}})
		}
	}
	model := put(t, dir, "a & b <c>.onnx", file(nodes, nil, []port{{"x", tensor.Float, []int{64, 64}}}, []port{{"c", tensor.Float, nil}}))
	out := filepath.Join(dir, "map.svg")
	status, stdout, problems := onnx(t, "map", "-o", out, model)
	require.Zero(t, status, problems)
	require.Empty(t, stdout)
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(b), "prefers-color-scheme:dark")
	require.NotContains(t, string(b), "<script")
	d := xml.NewDecoder(bytes.NewReader(b))
	rectangles := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			rectangles++
		}
	}
	require.GreaterOrEqual(t, rectangles, 2) // the paper and a block
	status, _, problems = onnx(t, "map", "-o", filepath.Join(dir, "none", "m.svg"), model)
	require.Equal(t, 1, status)
	require.Contains(t, problems, "m.svg")
	require.NoFileExists(t, filepath.Join(dir, "none", "m.svg"))
}

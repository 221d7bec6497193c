package main

import (
	"bytes"
	"errors"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/examples/internal/mlp"
	"github.com/allocarrays/allocarrays-go/nn"
)

// writeModel writes weights that are all v.
func writeModel(t *testing.T, layers func() (*nn.Chain, error), v float32) string {
	t.Helper()
	model, err := layers()
	require.NoError(t, err)
	for _, p := range model.Parameters() {
		p.Value.Fill(v)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, nn.SaveFile(path, model, nil))
	return path
}

func TestErrors(t *testing.T) {
	none, text := filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("no picture, no weights"), 0o600))
	dir, large, empty := t.TempDir(), filepath.Join(t.TempDir(), "large"), filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "t10k-images-idx3-ubyte"), 0o700))
	require.NoError(t, os.WriteFile(large, nil, 0o600))
	require.NoError(t, os.Truncate(large, 1<<40)) // all holes
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	wide := drawn(1)
	wide.Rows, wide.Cols = 14, 56
	wideDir := writeIDX(t, wide)
	nan, huge := writeModel(t, mlp.New, float32(math.NaN())), writeModel(t, mlp.New, 1e38)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := l.Addr().String()
	small := writeModel(t, func() (*nn.Chain, error) {
		return nn.NewChain([]int{784}, nn.NewDense("fc1", 784, 64), nn.NewDense("fc2", 64, 10))
	}, 0)
	const hint = " (inference -h explains)"
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"-batch 0", 2, "-batch 0 is not from 1 to 4096" + hint},
		{"-batch 4097", 2, "-batch 4097 is not from 1 to 4096" + hint},
		{"-batch many", 2, `invalid value "many" for flag -batch: parse error` + hint},
		{"-workers 0", 2, "-workers 0 is not from 1 to 256" + hint},
		{"-workers -3", 2, "-workers -3 is not from 1 to 256" + hint},
		{"-batch 4096 -workers 17", 2, "-batch 4096 times -workers 17 is more than 65536" + hint},
		{"-duration 0", 2, "-duration 0s is not from 1ms to 1h" + hint},
		{"-duration 5", 2, `invalid value "5" for flag -duration: parse error` + hint},
		{"-duration 2h", 2, "-duration 2h0m0s is not from 1ms to 1h" + hint},
		{"-allocator pool", 2, `-allocator "pool" is not one of heap, bumper, locked` + hint},
		{"-allocator=", 2, "-allocator is empty" + hint},
		{"-data=", 2, "-data is empty" + hint},
		{"-image=", 2, "-image is empty" + hint},
		{"-model=", 2, "-model is empty" + hint},
		{"-image a -data b", 2, "-image and -data exclude each other" + hint},
		{"-image a -batch 3", 2, "-image and -batch exclude each other" + hint},
		{"-image a -workers 3", 2, "-image and -workers exclude each other" + hint},
		{"-image a -duration 3s", 2, "-image and -duration exclude each other" + hint},
		{"-image a -allocator heap", 2, "-image and -allocator exclude each other" + hint},
		{"-serve=", 2, "-serve is empty" + hint},
		{"-serve 8080", 2, `-serve "8080" is not an address such as :8080 or localhost:8080` + hint},
		{"-serve nowhere", 2, `-serve "nowhere" is not an address such as :8080 or localhost:8080` + hint},
		{"-serve :http", 2, `-serve ":http" is not an address such as :8080 or localhost:8080` + hint},
		{"-serve :65536", 2, `-serve ":65536" is not an address such as :8080 or localhost:8080` + hint},
		{"-serve ::1:8080", 2, `-serve "::1:8080" is not an address such as :8080 or localhost:8080` + hint},
		{"-serve http://localhost:8080/", 2, `-serve "http://localhost:8080/" is not an address such as :8080 or localhost:8080` + hint},
		{"-serve :0 -batch 3", 2, "-serve and -batch exclude each other" + hint},
		{"-serve :0 -data a", 2, "-serve and -data exclude each other" + hint},
		{"-serve :0 -image a", 2, "-serve and -image exclude each other" + hint},
		{"-serve :0 -json", 2, "-serve and -json exclude each other" + hint},
		{"-serve :0 -model " + none, 1, "model: " + none + ": no such file or directory"},
		{"-serve :0 -model " + huge, 1, "the model gives no probabilities: its weights are too large"},
		{"-serve 192.0.2.1:0", 1, "serve: listen tcp 192.0.2.1:0: bind: …"},
		{"-serve " + taken, 1, "serve: listen tcp " + taken + ": bind: …"},
		{"digit.png", 2, `unexpected argument "digit.png"` + hint},
		{"-pixels", 2, "flag provided but not defined: -pixels" + hint},
		{"-data", 2, "flag needs an argument: -data" + hint},
		{"-image " + none, 1, "picture: " + none + ": no such file or directory"},
		{"-image " + text, 1, "picture: " + text + ": not a PNG, JPEG or GIF picture: image: unknown format"},
		{"-data " + none, 1, "idx: " + none + ": none of t10k-images-idx3-ubyte, t10k-images.idx3-ubyte, t10k-images-idx3-ubyte.gz, t10k-images.idx3-ubyte.gz: file does not exist"},
		{"-data " + wideDir, 1, wideDir + ": the images are 14x56 pixels, the model takes 28x28"},
		{"-model " + none, 1, "model: " + none + ": no such file or directory"},
		{"-model " + dir, 1, "model: " + dir + ": is a directory"},
		{"-image " + dir, 1, "picture: " + dir + ": is a directory"},
		{"-data " + dir, 1, "idx: " + dir + "/t10k-images-idx3-ubyte: is a directory"},
		{"-data " + text, 1, "idx: " + text + "/t10k-images-idx3-ubyte: not a directory"},
		{"-model /dev/zero", 1, "model: /dev/zero: is a device, not a file"},
		{"-image /dev/zero", 1, "picture: /dev/zero: is a device, not a file"},
		{"-model " + large, 1, "model: " + large + ": 1099511627776 bytes or more, over the limit of 4194304"},
		{"-image " + large, 1, "picture: " + large + ": 1099511627776 bytes or more, over the limit of 67108864"},
		{"-batch 0 -model=", 2, "-batch 0 is not from 1 to 4096" + hint},
		{"-image a\x1b[2Jb", 1, `picture: a\x1b[2Jb: no such file or directory`},
		{"-model " + empty, 1, "safetensors: " + empty + ": …"},
		{"-model " + text, 1, "safetensors: " + text + ": …"},
		{"-model " + small, 1, "safetensors: " + small + `: tensor "fc1.weight": shape 64×784, the model wants 128×784; tensor "fc1.bias": shape 64, the model wants 128; tensor "fc2.weight": shape 10×64, the model wants 10×128`},
		{"-model " + nan, 1, "mlp: " + nan + `: tensor "fc1.weight": element 0 is NaN`},
		{"-model " + huge, 1, "the model gives no probabilities: its weights are too large"},
		{"-model " + huge + " -image " + writePNG(t, 3, false), 1, "the model gives no probabilities: its weights are too large"},
	} {
		t.Run(c.args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.Equal(t, c.code, run(t.Context(), strings.Fields(c.args), &stdout, &stderr))
			begin, open := strings.CutSuffix(c.want, "…") // the rest is another package's affair
			if open {
				require.True(t, strings.HasPrefix(stderr.String(), "inference: "+begin), stderr.String())
			} else {
				require.Equal(t, "inference: "+begin+"\n", stderr.String())
			}
			require.Equal(t, 1, strings.Count(stderr.String(), "\n"), "one line")
			require.Empty(t, stdout.String())
		})
	}
}

// A full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{{"-duration", "1ms"}, {"-duration", "1ms", "-json"}, {"-image", writePNG(t, 3, true)}} {
		var stderr bytes.Buffer
		require.Equal(t, 1, run(t.Context(), args, full{}, &stderr))
		require.Equal(t, "inference: no space left\n", stderr.String())
	}
}

package onnx_test

import (
	"bytes"
	"debug/elf"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/npy"
)

// TestStatic builds onnx/cmd/onnx without cgo, and runs it where there is nothing else: as root in an empty root
// folder, and, if there is an emulator, as a program for arm64. All give the bytes that the ordinary program gives.
func TestStatic(t *testing.T) {
	if os.Getenv("ALLOCARRAYS_STATIC") != "yes" {
		t.Skip("builds programs for two processors, and needs root: ALLOCARRAYS_STATIC=yes")
	}
	dir := t.TempDir()
	build := func(name string, environment ...string) {
		cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, name), "./cmd/onnx")
		cmd.Env = append(os.Environ(), environment...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	build("ordinary")
	build("static", "CGO_ENABLED=0")
	requireStatic(t, filepath.Join(dir, "static"))
	ways := []way{
		{"static, in an empty root", []string{"/static"}, nil, true},
	}
	if runtime.GOARCH == "amd64" {
		ways = append(ways, way{"AVX2", []string{filepath.Join(dir, "ordinary")}, []string{"ALLOCARRAYS_KERNEL=avx2", "SIMD_DISABLE=avx512"}, false})
	}
	if emulator, err := exec.LookPath("qemu-aarch64-static"); err != nil {
		t.Log("arm64 is left out: ", err)
	} else {
		build("arm64", "CGO_ENABLED=0", "GOARCH=arm64")
		requireStatic(t, filepath.Join(dir, "arm64"))
		require.NoError(t, copyFile(emulator, filepath.Join(dir, "emulator")))
		ways = append(ways, way{"static for arm64, in an empty root", []string{"/emulator", "/arm64"}, nil, true})
	}
	for _, c := range []struct {
		name, file string
		shapes     map[string][]int // of the inputs; the values are waves
		args       []string
	}{
		{"silero", "silero_vad_v6.onnx", map[string][]int{"input": {1, 576}, "state": {2, 1, 128}}, []string{"-bind", "sr=16000"}},
		{"gtcrn", "gtcrn_simple.onnx", map[string][]int{"mix": {1, 257, 1, 2}}, nil},
		{"det", "ppocr_v4_det.onnx", map[string][]int{"x": {1, 3, 64, 96}}, nil},
		{"rec", "ppocr_v4_rec.onnx", map[string][]int{"x": {1, 3, 48, 64}}, nil},
		{"magika", "magika_v3_3.onnx", nil, nil},
		{"a small one", "", map[string][]int{"x": {1001}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.file != "" {
				require.NoError(t, copyFile(filepath.Join(data(t), "models", c.file), filepath.Join(dir, "model")))
			} else {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "model"), small(), 0o644))
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, "in.npz"), waves(t, c.shapes), 0o644))
			want := output(t, dir, way{"", []string{filepath.Join(dir, "ordinary")}, nil, false}, c.args)
			require.Greater(t, len(want), 100)
			for _, w := range ways {
				t.Run(w.name, func(t *testing.T) {
					require.True(t, bytes.Equal(want, output(t, dir, w, c.args)), "other bits")
				})
			}
		})
	}
}

// small is a model of operators whose bits may depend on the processor: sums, functions, and products beside sums.
func small() []byte {
	var nodes []node
	var outputs []string
	for _, n := range []node{
		{op: "ReduceSum", in: []string{"x"}}, {op: "ReduceMean", in: []string{"x"}}, {op: "ReduceL2", in: []string{"x"}}, {op: "ReduceLogSumExp", in: []string{"x"}},
		{op: "Softmax", in: []string{"x"}}, {op: "Tanh", in: []string{"x"}}, {op: "Sigmoid", in: []string{"x"}}, {op: "Exp", in: []string{"x"}},
		{op: "Erf", in: []string{"x"}}, {op: "Gelu", in: []string{"x"}}, {op: "Sin", in: []string{"x"}}, {op: "Mish", in: []string{"x"}}, {op: "Elu", in: []string{"x"}},
		{op: "Pow", in: []string{"Exp", "x"}}, {op: "Mul", in: []string{"x", "Tanh"}}, {op: "Add", in: []string{"Mul", "Sigmoid"}}, {op: "MatMul", in: []string{"Exp", "Add"}},
		{op: "CumSum", in: []string{"x", "zero"}}, {op: "Log", in: []string{"Exp"}}, {op: "HardSwish", in: []string{"x"}}, {op: "Softplus", in: []string{"x"}},
	} {
		n.out = []string{n.op}
		nodes, outputs = append(nodes, n), append(outputs, n.op)
	}
	zero := node{op: "Constant", out: []string{"zero"}, attrs: [][]byte{intField(intField(bytesField(nil, 1, []byte("value_int")), 3, 0), 20, 2)}}
	return file(21, append([]node{zero}, nodes...), []string{"x"}, outputs)
}

// A way is one to run the command.
type way struct {
	name        string
	command     []string
	environment []string
	inEmptyRoot bool // the folder of the test, in which is nothing but what the command needs
}

// output returns what the command writes for the model and the inputs of the folder.
func output(t *testing.T, dir string, w way, args []string) []byte {
	t.Helper()
	if w.inEmptyRoot && os.Geteuid() != 0 {
		t.Skip("only root may change the root folder")
	}
	args = append(append([]string{}, w.command[1:]...), append(append([]string{"run"}, args...), "-in", "in.npz", "-out", "out.npz", "model")...)
	cmd := exec.Command(w.command[0], args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), w.environment...)
	if w.inEmptyRoot {
		cmd.Dir, cmd.Env = "/", []string{"HOME=/"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
	}
	problems, err := cmd.CombinedOutput()
	require.NoError(t, err, string(problems))
	b, err := os.ReadFile(filepath.Join(dir, "out.npz"))
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "out.npz")))
	return b
}

// waves returns an archive of inputs.
func waves(t *testing.T, shapes map[string][]int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := npy.NewArchiveWriter(&b, false)
	for name, shape := range shapes {
		n := 1
		for _, d := range shape {
			n *= d
		}
		s := make([]float32, n)
		for i := range s {
			s[i] = float32(math.Sin(float64(i)*0.7)) / 2
		}
		require.NoError(t, npy.WriteArray(z, name, allocarray.Wrap(s, shape...)))
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// requireStatic checks that a program loads nothing.
func requireStatic(t *testing.T, name string) {
	t.Helper()
	f, err := elf.Open(name)
	require.NoError(t, err)
	defer f.Close()
	for _, p := range f.Progs {
		require.NotEqual(t, elf.PT_INTERP, p.Type, "%s has an interpreter", name)
	}
	libraries, err := f.ImportedLibraries()
	require.NoError(t, err)
	require.Empty(t, strings.Join(libraries, " "))
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

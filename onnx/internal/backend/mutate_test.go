package backend_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/onnx/internal/backend"
	"github.com/allocarrays/allocarrays-go/onnx/internal/engine"
	"github.com/allocarrays/allocarrays-go/onnx/internal/proto"
	"github.com/allocarrays/allocarrays-go/onnx/internal/tensor"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestMutatedNodes changes the attributes and inputs of node tests at random: whatever comes, there is an error or a
// result, and no panic. ALLOCARRAYS_MUTANTS says how many variants of each test it tries.
func TestMutatedNodes(t *testing.T) {
	files := unpack(t, "node-tests.tgz")
	list, err := backend.Find(files)
	require.NoError(t, err)
	variants := 2
	if n, err := strconv.Atoi(os.Getenv("ALLOCARRAYS_MUTANTS")); err == nil {
		variants = n
	}
	computed := 0
	for _, dir := range list {
		h := fnv.New64a()
		h.Write([]byte(dir))
		for v := range variants {
			err := mutant(files, dir, rand.New(rand.NewPCG(h.Sum64(), uint64(v))))
			if p, ok := errors.AsType[*panicError](err); ok {
				t.Errorf("%s, variant %d: %v", path.Base(dir), v, p)
			}
			if err == nil {
				computed++
			}
		}
	}
	require.Greater(t, computed, len(list)*variants/10)
}

type panicError struct{ what string }

func (e *panicError) Error() string { return e.what }

func mutant(files fs.FS, dir string, r *rand.Rand) (err error) {
	what := ""
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{fmt.Sprintf("%v\n%s\n%s", v, what, debug.Stack())}
		}
	}()
	b, err := fs.ReadFile(files, path.Join(dir, "model.onnx"))
	if err != nil {
		return err
	}
	m, err := proto.Read(b)
	if err != nil {
		return err
	}
	for i := range m.Graph.Inputs {
		m.Graph.Inputs[i].HasShape = false
	}
	for _, n := range m.Graph.Nodes {
		for _, a := range n.Attributes {
			if r.IntN(3) == 0 {
				mutateAttribute(a, r)
			}
			what += fmt.Sprint(n.Op, " ", a.Name, " ", a.I, a.F, string(a.S), a.Ints, a.Floats, "\n")
		}
		if len(n.Inputs) > 1 && r.IntN(8) == 0 {
			n.Inputs[r.IntN(len(n.Inputs))] = ""
		}
	}
	p, err := engine.Compile(m, engine.Options{})
	if err != nil {
		return err
	}
	_, in, err := backend.Load(files, dir)
	if err != nil {
		return err
	}
	for i, x := range in {
		if r.IntN(2) == 0 {
			in[i] = mutateTensor(x, r)
		}
		what += in[i].String()
		if v, err := in[i].Integers(); err == nil && len(v) < 20 {
			what += fmt.Sprint(v)
		}
		what += "\n"
	}
	if len(in) != len(p.Inputs()) {
		return errors.New("an input is left out")
	}
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(16<<20))
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		run, err := p.Run(ctx, in)
		if err == nil {
			run.Release()
		}
		return err
	})
}

// odd are numbers that attributes and small tensors may get.
var odd = []int64{0, 1, -1, 2, -2, 3, 4, 5, 7, 13, 100, 1 << 20, 1<<31 - 1, -1 << 31, 1 << 32, 1<<62 + 1, 1<<63 - 1, -1 << 63}

func mutateAttribute(a *proto.Attribute, r *rand.Rand) {
	pick := func() int64 { return odd[min(r.IntN(len(odd)), r.IntN(len(odd)))] }
	switch {
	case len(a.Ints) > 0 && r.IntN(4) == 0:
		a.Ints = a.Ints[:r.IntN(len(a.Ints))]
	case len(a.Ints) > 0:
		a.Ints = slices.Clone(a.Ints)
		a.Ints[r.IntN(len(a.Ints))] = pick()
	case len(a.Floats) > 0:
		a.Floats = slices.Clone(a.Floats)
		a.Floats[r.IntN(len(a.Floats))] = float32(pick())
	case a.T != nil, a.G != nil:
	case len(a.S) > 0:
		a.S = []byte("odd")
	case a.F != 0:
		a.F = float32(pick())
	default:
		a.I = pick()
	}
}

func mutateTensor(x *tensor.Tensor, r *rand.Rand) *tensor.Tensor {
	if x.Type == tensor.String {
		return x
	}
	shape := slices.Clone(x.Shape)
	switch r.IntN(6) {
	case 0:
		shape = append(shape, 1+r.IntN(3))
	case 1:
		if len(shape) > 0 {
			shape = shape[1:]
		}
	case 2: // other elements
	default:
		if len(shape) > 0 {
			shape[r.IntN(len(shape))] = r.IntN(7)
		}
	}
	y := tensor.New(x.Type, shape...)
	for n := 0; n < len(y.Data) && len(x.Data) > 0; n += copy(y.Data[n:], x.Data) {
	}
	if v, ok := map[tensor.Type]func(int64){
		tensor.Int64: func(v int64) { set(y, r, v) }, tensor.Int32: func(v int64) { set(y, r, int32(v)) },
		tensor.Float: func(v int64) { set(y, r, float32(v)) }}[x.Type]; ok && y.Len() > 0 && r.IntN(2) == 0 {
		v(odd[min(r.IntN(len(odd)), r.IntN(len(odd)))])
	}
	return y
}

func set[T tensor.Number](x *tensor.Tensor, r *rand.Rand, v T) {
	s := tensor.Slice[T](x)
	s[r.IntN(len(s))] = v
}

package escape

import (
	"context"
	"errors"
	"slices"

	"corpus.example/lib"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
)

type array = allocarray.AllocArray[float64]

func badCaptured(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = scope.Make[float64](ctx, 10)
		return nil
	})
	return out
}

func badCapturedArray(ctx context.Context, x array) array {
	var out array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = allocarray.Add(ctx, x, x)
		return nil
	})
	return out
}

func badCapturedView(ctx context.Context) float64 {
	var row array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		m := allocarray.New[float64](ctx, 4, 4)
		row = m.Index(0, 2)
		return nil
	})
	return row.At(1)
}

func badCapturedData(ctx context.Context) float64 {
	var data []float64
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		data = allocarray.Full(ctx, 1.0, 8).Data()
		return nil
	})
	if err != nil {
		return 0
	}
	return data[3]
}

func badSliceOfSlice(ctx context.Context) []float64 {
	var part []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		part = scope.Make[float64](ctx, 100)[10:20]
		return nil
	})
	return part
}

func badInStruct(ctx context.Context) float64 {
	var r struct {
		n    int
		data []float64
	}
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		r.n = 3
		r.data = scope.Make[float64](ctx, r.n)
		return nil
	})
	return r.data[0]
}

func badWholeStruct(ctx context.Context) lib.Box {
	var b lib.Box
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b = lib.Box{Data: scope.Make[float64](ctx, 3), Note: "x"}
		return nil
	})
	return b
}

func badPointerToStruct(ctx context.Context) *lib.Box {
	var b *lib.Box
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b = &lib.Box{Data: scope.Make[float64](ctx, 3)}
		return nil
	})
	return b
}

func badConstructor(ctx context.Context) float64 {
	var b *lib.Box
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b = lib.NewBox(scope.Make[float64](ctx, 3))
		return nil
	})
	return b.Total()
}

func badHelperMakes(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = lib.Temp(ctx, 4)
		return nil
	})
	return out
}

func badHelperPasses(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = lib.Same(lib.First(scope.Make[float64](ctx, 4), nil))
		return nil
	})
	return out
}

func badNested(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		return scope.NoEscape(ctx, func(ctx context.Context) error {
			out = scope.Make[float64](ctx, 4)
			return nil
		})
	})
	return out
}

func badInnerToOuterScope(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		var x array
		if err := scope.NoEscape(ctx, func(ctx context.Context) error {
			x = allocarray.New[float64](ctx, 3)
			return nil
		}); err != nil {
			return err
		}
		x.Fill(2)
		return nil
	})
}

func badConditional(ctx context.Context, big bool) []float64 {
	out := make([]float64, 4)
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		if big {
			out = scope.Make[float64](ctx, 4000)
		}
		return nil
	})
	return out
}

func badCopiedOnOnePathOnly(ctx context.Context, deep bool) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 4)
		if deep {
			out = slices.Clone(x)
		} else {
			out = x
		}
		return nil
	})
	return out
}

func badPhi(ctx context.Context, x array, neg bool) array {
	var out array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		y := x
		if neg {
			y = allocarray.Neg(ctx, x)
		}
		out = y
		return nil
	})
	return out
}

func badSwitch(ctx context.Context, x array, op string) array {
	var out array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		switch op {
		case "abs":
			out = allocarray.Abs(ctx, x).Heap()
		case "neg":
			out = allocarray.Neg(ctx, x)
		default:
			out = x
		}
		return nil
	})
	return out
}

func badClosureInClosure(ctx context.Context) float64 {
	var total func() float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 4)
		total = func() float64 { return lib.Sum(x) }
		return nil
	})
	return total()
}

func badSetter(ctx context.Context) []float64 {
	var out []float64
	set := func(x []float64) { out = x }
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		set(scope.Make[float64](ctx, 4))
		return nil
	})
	return out
}

func badSetterInSetter(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		set := func(x []float64) {
			func() { out = x[:2] }()
		}
		set(scope.Make[float64](ctx, 4))
		return nil
	})
	return out
}

func badMethodValue(ctx context.Context) float64 {
	var get func(...int) float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x := allocarray.New[float64](ctx, 4)
		get = x.At
		return nil
	})
	return get(1)
}

func badMethodValueBox(ctx context.Context) float64 {
	var total func() float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		total = lib.NewBox(scope.Make[float64](ctx, 3)).Total
		return nil
	})
	return total()
}

func badNamedFunction(ctx context.Context) []float64 {
	var w work
	_ = scope.NoEscape(ctx, w.run)
	return w.out
}

type work struct{ out []float64 }

func (w *work) run(ctx context.Context) error {
	w.out = scope.Make[float64](ctx, 4)
	return nil
}

func badFunctionVariable(ctx context.Context) []float64 {
	var out []float64
	body := func(ctx context.Context) error {
		out = scope.Make[float64](ctx, 4)
		return nil
	}
	_ = scope.NoEscape(ctx, body)
	return out
}

func badAppend(ctx context.Context) int {
	var rows [][]float64
	for i := range 3 {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			rows = append(rows, scope.Make[float64](ctx, i))
			return nil
		})
	}
	return int(rows[0][0])
}

func badAppendElement(ctx context.Context) float64 {
	rows := make([][]float64, 3)
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		for i := range rows {
			rows[i] = lib.Temp(ctx, 3)
		}
		return nil
	})
	return rows[1][1]
}

func badMap(ctx context.Context) float64 {
	m := map[string][]float64{}
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		m["a"] = scope.Make[float64](ctx, 3)
		return nil
	})
	return m["a"][0]
}

func badMapRange(ctx context.Context) (s float64) {
	m := map[int]array{}
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		m[1] = allocarray.New[float64](ctx, 3)
		return nil
	})
	for _, x := range m {
		s += allocarray.Sum(x)
	}
	return s
}

func badArrayOfSlices(ctx context.Context) float64 {
	var pair [2][]float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		pair[1] = scope.Make[float64](ctx, 3)
		return nil
	})
	return pair[1][0]
}

func badCloneIsShallow(ctx context.Context) [][]float64 {
	var out [][]float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		rows := [][]float64{scope.Make[float64](ctx, 3)}
		out = slices.Clone(rows)
		return nil
	})
	return out
}

func badAppendIsShallow(ctx context.Context) [][]float64 {
	var out [][]float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		rows := [][]float64{scope.Make[float64](ctx, 3)}
		out = append([][]float64(nil), rows...)
		return nil
	})
	return out
}

func badCopyIsShallow(ctx context.Context) [][]float64 {
	out := make([][]float64, 1)
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		rows := [][]float64{scope.Make[float64](ctx, 3)}
		copy(out, rows)
		return nil
	})
	return out
}

func badWrap(ctx context.Context) array {
	var out array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = allocarray.Wrap(scope.Make[float64](ctx, 6), 2, 3)
		return nil
	})
	return out
}

func badCloneInScope(ctx context.Context, x array) array {
	var out array
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = x.Clone(ctx) // a copy, but in the scope
		return nil
	})
	return out
}

func badInterface(ctx context.Context) any {
	var out any
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = scope.Make[float64](ctx, 6)
		return nil
	})
	return out
}

func badInterfaceAsserted(ctx context.Context) float64 {
	var out any
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = lib.Box{Data: scope.Make[float64](ctx, 6)}
		return nil
	})
	return out.(lib.Box).Data[0]
}

type dataError struct{ data []float64 }

func (e *dataError) Error() string { return "data" }

func badError(ctx context.Context) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		return &dataError{scope.Make[float64](ctx, 2)}
	})
}

func badErrorAs(ctx context.Context) float64 {
	err := scope.NoEscape(ctx, func(ctx context.Context) error {
		x := scope.Make[float64](ctx, 2)
		if len(x) > 1 {
			return &dataError{x}
		}
		return nil
	})
	var de *dataError
	if errors.As(err, &de) {
		return de.data[0]
	}
	return 0
}

func badLocalBuffer() []float64 {
	ctx := scope.WithAllocator(context.Background(), bumper.NewAllocBuffer(1<<10))
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = scope.Make[float64](ctx, 10)
		return nil
	})
	return out
}

func badBuilder(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b := scope.NewBuilder[float64](ctx, 8)
		b.Append(1, 2, 3)
		out = b.View()
		return nil
	})
	return out
}

func badBuilderItself(ctx context.Context) int {
	var b *scope.Builder[float64]
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b = scope.NewBuilder[float64](ctx, 8)
		return nil
	})
	b.Append(1)
	return b.Len()
}

func badAlloc(ctx context.Context) []float32 {
	var out []float32
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		x, _, err := scope.Alloc[float32](ctx, 8)
		if err != nil {
			return err
		}
		out = x
		return nil
	})
	return out
}

func badDerivedContext(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(context.WithValue(ctx, lib.Box{}, 1))
		defer cancel()
		out = scope.Make[float64](ctx, 3)
		return nil
	})
	return out
}

func badInLoop(ctx context.Context, xs []array) (best array) {
	for _, x := range xs {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			y := allocarray.Abs(ctx, x)
			if best.Len() == 0 || allocarray.Max(y) > allocarray.Max(x) {
				best = y
			}
			return nil
		})
	}
	return best
}

func badReuseAcross(ctx context.Context, n int) (s float64) {
	var scratch []float64
	for i := range n {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			if cap(scratch) < i {
				scratch = scope.Make[float64](ctx, i)
			}
			s += lib.Sum(scratch[:i])
			return nil
		})
	}
	return s
}

func badNamedResult(ctx context.Context) (out []float64, err error) {
	err = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = scope.Make[float64](ctx, 3)
		return nil
	})
	return
}

func badPointerParameter(ctx context.Context) float64 {
	var b lib.Box
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		fillBox(ctx, &b)
		return nil
	})
	return b.Data[0]
}

func fillBox(ctx context.Context, b *lib.Box) { b.Data = scope.Make[float64](ctx, 3) }

func badOutParameter(ctx context.Context, out *[]float64) error {
	return scope.NoEscape(ctx, func(ctx context.Context) error {
		*out = scope.Make[float64](ctx, 3)
		return nil
	})
}

func badThroughTry(ctx context.Context) []float64 {
	var out []float64
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		return scope.Try(func() error {
			out = scope.Make[float64](ctx, 3)
			return nil
		})
	})
	return out
}

func badConvert(ctx context.Context, x array) allocarray.AllocArray[float32] {
	var out allocarray.AllocArray[float32]
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		out = allocarray.Convert[float32](ctx, x)
		return nil
	})
	return out
}

func badPrinted(ctx context.Context) {
	var b lib.Box
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		b.Put(scope.Make[float64](ctx, 3))
		return nil
	})
	println(b.Get()[0])
}

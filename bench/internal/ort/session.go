//go:build cgo

// Package ort runs models with onnxruntime's C API, on tensors of package onnx.
package ort

import (
	"fmt"
	"runtime"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/allocarrays/allocarrays-go/bench/internal/fetch"
	"github.com/allocarrays/allocarrays-go/onnx"
)

// Open loads the shared library that was fetched.
func Open() error {
	root, err := fetch.Root()
	if err != nil {
		return err
	}
	library, err := fetch.Onnxruntime(fetch.Cache(root))
	if err != nil {
		return err
	}
	ort.SetSharedLibraryPath(library)
	return ort.InitializeEnvironment()
}

// Version describes the library.
func Version() string {
	return "onnxruntime " + ort.GetVersion() + " through github.com/yalue/onnxruntime_go v1.13.0"
}

// A Session is a model that is ready to run, with all optimisations. Goroutines must not share it.
type Session struct {
	session *ort.DynamicAdvancedSession
	in, out []ort.Value
	outputs int
}

// New loads a model for that many threads, and binds its inputs, which must have names.
func New(file []byte, threads int, inputs []onnx.Tensor, outputs []string) (*Session, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	if err := options.SetIntraOpNumThreads(threads); err != nil {
		return nil, err
	}
	if err := options.SetInterOpNumThreads(1); err != nil {
		return nil, err
	}
	s := &Session{outputs: len(outputs)}
	var names []string
	for _, t := range inputs {
		names = append(names, t.Name())
	}
	if s.in, err = values(inputs); err != nil {
		return nil, err
	}
	if s.session, err = ort.NewDynamicAdvancedSessionWithONNXData(file, names, outputs, options); err != nil {
		return nil, err
	}
	return s, nil
}

// values copies tensors.
func values(tensors []onnx.Tensor) (v []ort.Value, err error) {
	for _, t := range tensors {
		var value ort.Value
		switch {
		case t.Rank() == 0 && t.Type() == onnx.Int64:
			value, err = ort.NewScalar(onnx.Data[int64](t)[0])
		case t.Type() == onnx.Float32:
			value, err = tensor[float32](t)
		case t.Type() == onnx.Int64:
			value, err = tensor[int64](t)
		case t.Type() == onnx.Int32:
			value, err = tensor[int32](t)
		default:
			err = fmt.Errorf("ort: input %v", t)
		}
		if err != nil {
			return nil, err
		}
		v = append(v, value)
	}
	return v, nil
}

func tensor[T interface {
	onnx.Element
	ort.TensorData
}](t onnx.Tensor) (ort.Value, error) {
	return ort.NewTensor(shape(t), append([]T(nil), onnx.Data[T](t)...))
}

func shape(t onnx.Tensor) (s ort.Shape) {
	for _, d := range t.Shape() {
		s = append(s, int64(d))
	}
	return s
}

// Run computes the outputs. Memory that it takes for them is used again by further runs.
func (s *Session) Run() error {
	if s.out == nil {
		out := make([]ort.Value, s.outputs)
		if err := s.session.Run(s.in, out); err != nil {
			return err
		}
		s.out = out
	} else if err := s.session.Run(s.in, s.out); err != nil {
		return err
	}
	runtime.KeepAlive(s) // C reads and writes memory that is Go's
	return nil
}

// SetInput replaces the elements of an input of float32.
func (s *Session) SetInput(i int, elements []float32) {
	copy(s.in[i].(*ort.Tensor[float32]).GetData(), elements)
}

// Output returns an output, which the next run overwrites. It is the zero Tensor if it is of a type that
// package onnx does not have.
func (s *Session) Output(i int) onnx.Tensor {
	switch v := s.out[i].(type) {
	case *ort.Tensor[float32]:
		return from(v)
	case *ort.Tensor[float64]:
		return from(v)
	case *ort.Tensor[int64]:
		return from(v)
	case *ort.Tensor[int32]:
		return from(v)
	case *ort.Tensor[uint8]:
		return from(v)
	case *ort.CustomDataTensor:
		if v.DataType() == ort.TensorElementDataTypeBool {
			b := make([]bool, len(v.GetData()))
			for i, e := range v.GetData() {
				b[i] = e != 0
			}
			return onnx.From(b, dims(v.GetShape())...)
		}
	}
	return onnx.Tensor{}
}

func from[T interface {
	onnx.Element
	ort.TensorData
}](t *ort.Tensor[T]) onnx.Tensor {
	return onnx.From(t.GetData(), dims(t.GetShape())...)
}

func dims(s ort.Shape) (d []int) {
	for _, n := range s {
		d = append(d, int(n))
	}
	return d
}

// Close frees the session.
func (s *Session) Close() error { return s.session.Destroy() }

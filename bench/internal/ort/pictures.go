//go:build cgo

package ort

import (
	ort "github.com/yalue/onnxruntime_go"

	"github.com/allocarrays/allocarrays-go/onnx"
)

// Pictures loads a model with one input, of float32, and one output, and returns what runs it for inputs of any shape, on one
// thread. Outputs are freed at once, and inputs are not copied.
func Pictures(file []byte, input string) (func(t onnx.Tensor) error, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	if err := options.SetIntraOpNumThreads(1); err != nil {
		return nil, err
	}
	_, outputs, err := ort.GetInputOutputInfoWithONNXData(file)
	if err != nil {
		return nil, err
	}
	s, err := ort.NewDynamicAdvancedSessionWithONNXData(file, []string{input}, []string{outputs[0].Name}, options)
	if err != nil {
		return nil, err
	}
	return func(t onnx.Tensor) error {
		x, err := ort.NewTensor(shape(t), onnx.Data[float32](t))
		if err != nil {
			return err
		}
		defer x.Destroy()
		out := []ort.Value{nil}
		if err := s.Run([]ort.Value{x}, out); err != nil {
			return err
		}
		return out[0].Destroy()
	}, nil
}

//go:build cgo

// Command peer-onnx runs the models with onnxruntime on one thread. Its first
// argument is the shared library.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/onnx"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	ort "github.com/yalue/onnxruntime_go"
)

func main() {
	if len(os.Args) != 2 {
		peer.Absent("peer-onnx needs the path of the shared library")
		return
	}
	ort.SetSharedLibraryPath(os.Args[1])
	if err := ort.InitializeEnvironment(); err != nil {
		peer.Absent(err.Error())
		return
	}
	peer.Serve(fmt.Sprintf("onnxruntime %s through github.com/yalue/onnxruntime_go v1.13.0, 1 thread", ort.GetVersion()), prepare)
}

func prepare(name string) (peer.Work, error) {
	if rest, ok := strings.CutPrefix(name, "layer/"); ok {
		return layer(rest)
	}
	kind, _, batch, err := model.ParseWork(name)
	switch {
	case err != nil:
		return peer.Work{}, err
	case kind == "mlp":
		return session(onnx.MLP(model.NewMLP(), batch), model.Input(batch), shape(batch, model.In), shape(batch, model.Out))
	case kind == "cnn":
		return session(onnx.CNN(model.NewCNN(), batch), model.Images(batch), shape(batch, 1, model.Side, model.Side), shape(batch, 10))
	}
	return peer.Work{}, fmt.Errorf("no such work: %q", name)
}

// layer runs a single layer, on an image with the channels first.
func layer(name string) (peer.Work, error) {
	l, err := model.ParseLayer(name)
	if err != nil {
		return peer.Work{}, err
	}
	in, out := onnx.LayerShapes(l)
	x := l.Input()
	if l.IsImage() {
		x = model.ChannelsFirst(x, l.Side, l.In)
	}
	w, err := session(onnx.Layer(l), x, in, out)
	if err == nil && l.IsImage() {
		output := w.Output
		w.Output = func() []float32 { return model.ChannelsLast(output(), l.Side, l.Out) }
	}
	return w, err
}

func shape(dims ...int) (s ort.Shape) {
	for _, d := range dims {
		s = append(s, int64(d))
	}
	return s
}

// session loads a model and returns its execution on an input, with the memory for
// input and output bound once.
func session(file []byte, input []float32, in, out ort.Shape) (peer.Work, error) {
	options, err := oneThread()
	if err != nil {
		return peer.Work{}, err
	}
	defer options.Destroy()
	x, err := ort.NewTensor(in, input)
	if err != nil {
		return peer.Work{}, err
	}
	y, err := ort.NewEmptyTensor[float32](out)
	if err != nil {
		return peer.Work{}, err
	}
	s, err := ort.NewAdvancedSessionWithONNXData(file, []string{"x"}, []string{"y"}, []ort.Value{x}, []ort.Value{y}, options)
	if err != nil {
		return peer.Work{}, err
	}
	run := func(n int) {
		for range n {
			if err := s.Run(); err != nil {
				panic(err)
			}
		}
		runtime.KeepAlive(x) // C reads and writes the memory of both, which is Go's
		runtime.KeepAlive(y)
	}
	return peer.Work{Run: run, Output: y.GetData}, nil
}

func oneThread() (*ort.SessionOptions, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	if err = options.SetIntraOpNumThreads(1); err == nil {
		err = options.SetInterOpNumThreads(1)
	}
	return options, err
}

// Package networks has real networks and what to give them. The files are not part of the project.
package networks

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/allocarrays/allocarrays-go/onnx"
)

// A Network is a model with inputs.
type Network struct {
	Name, File string
	Inputs     func(dir string) ([]onnx.Tensor, error) // all of them, with their names
}

// All returns the networks: first those of the table of speeds.
func All() []Network {
	all := []Network{
		{"silero", "models/silero_vad_v6.onnx", silero},
		{"silero-ifless", "models/silero_vad_v6_ifless.onnx", silero},
		{"gtcrn", "models/gtcrn_simple.onnx", gtcrn},
		{"magika", "models/magika_v3_3.onnx", magika},
		{"det", "models/ppocr_v4_det.onnx", det},
		{"rec", "models/ppocr_v4_rec.onnx", rec},
	}
	for _, light := range []struct {
		name, input string
		shape       []int
	}{
		{"resnet50", "gpu_0/data_0", []int{1, 3, 224, 224}},
		{"squeezenet", "data_0", []int{1, 3, 224, 224}},
		{"densenet121", "data_0", []int{1, 3, 224, 224}},
		{"inception_v1", "data_0", []int{1, 3, 224, 224}},
		{"bvlc_alexnet", "data_0", []int{1, 3, 224, 224}},
		{"zfnet512", "gpu_0/data_0", []int{1, 3, 224, 224}},
		{"vgg19", "data_0", []int{1, 3, 224, 224}},
	} {
		all = append(all, Network{light.name, "light/light_" + light.name + ".onnx", func(string) ([]onnx.Tensor, error) {
			return []onnx.Tensor{ramp(light.shape...).Named(light.input)}, nil
		}})
	}
	return all
}

// Find returns the network of that name.
func Find(name string) (Network, error) {
	for _, n := range All() {
		if n.Name == name {
			return n, nil
		}
	}
	return Network{}, fmt.Errorf("networks: there is no %q", name)
}

// Open returns the file of the network below a folder, and its inputs.
func (n Network) Open(dir string) (file []byte, inputs []onnx.Tensor, err error) {
	if file, err = n.Read(dir); err == nil {
		inputs, err = n.Inputs(dir)
	}
	return file, inputs, err
}

// Read returns the file of the network below a folder.
func (n Network) Read(dir string) ([]byte, error) {
	return os.ReadFile(filepath.Join(dir, filepath.FromSlash(n.File)))
}

// Folder returns the folder of models: shared/data/onnx of the nearest folder above the working
// directory that has one, or the one that ALLOCARRAYS_ONNX says.
func Folder() (string, error) {
	if dir := os.Getenv("ALLOCARRAYS_ONNX"); dir != "" {
		return dir, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		found := filepath.Join(dir, "shared", "data", "onnx")
		if _, err := os.Stat(found); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("no folder shared/data/onnx above this one, and ALLOCARRAYS_ONNX is not set")
}

func count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func zeros(name string, shape ...int) onnx.Tensor {
	return onnx.From(make([]float32, count(shape)), shape...).Named(name)
}

// ramp returns element i of n as i/n, as ONNX's backend tests have it.
func ramp(shape ...int) onnx.Tensor {
	s := make([]float32, count(shape))
	for i := range s {
		s[i] = float32(float64(i) / float64(len(s)))
	}
	return onnx.From(s, shape...)
}

// silero gets a chunk of speech and the 64 samples before it.
func silero(dir string) ([]onnx.Tensor, error) {
	s, err := Wave(filepath.Join(dir, "models", "silero-test.wav"))
	if err != nil {
		return nil, err
	}
	const at = 16000
	return []onnx.Tensor{onnx.From(s[at:at+576], 1, 576).Named("input"), zeros("state", 2, 1, 128), onnx.From([]int64{16000}).Named("sr")}, nil
}

// gtcrn gets the spectrum of noisy speech.
func gtcrn(dir string) ([]onnx.Tensor, error) {
	s, err := Wave(filepath.Join(dir, "models", "gtcrn-mix.wav"))
	if err != nil {
		return nil, err
	}
	return []onnx.Tensor{
		onnx.From(spectrum(s[20000:20512]), 1, 257, 1, 2).Named("mix"),
		zeros("conv_cache", 2, 1, 16, 16, 33), zeros("tra_cache", 2, 3, 1, 1, 16), zeros("inter_cache", 2, 1, 33, 16),
	}, nil
}

// magika gets the beginning and the end of its own configuration.
func magika(dir string) ([]onnx.Tensor, error) {
	b, err := os.ReadFile(filepath.Join(dir, "models", "magika_v3_3-config.json"))
	if err != nil {
		return nil, err
	}
	var config struct {
		Begin int `json:"beg_size"`
		End   int `json:"end_size"`
	}
	if err := json.Unmarshal(b, &config); err != nil {
		return nil, err
	}
	if len(b) < config.Begin || len(b) < config.End {
		return nil, fmt.Errorf("networks: Magika's configuration is shorter than what it looks at")
	}
	f := make([]int32, 0, config.Begin+config.End)
	for _, v := range append(b[:config.Begin:config.Begin], b[len(b)-config.End:]...) {
		f = append(f, int32(v))
	}
	return []onnx.Tensor{onnx.From(f, 1, len(f)).Named("bytes")}, nil
}

// Detection gets a page, recognition a line of it.
func det(string) ([]onnx.Tensor, error) { return []onnx.Tensor{Page(320, 320).Named("x")}, nil }
func rec(string) ([]onnx.Tensor, error) { return []onnx.Tensor{Line(48, 320).Named("x")}, nil }

package nn

import (
	"bufio"
	"io"
	"os"
	"path/filepath"

	"github.com/allocarrays/allocarrays-go/internal/safetensors"
)

// Save writes the weights of m as a safetensors file of F32 tensors, with metadata
// for its reader (nil for none). The same weights give the same bytes.
func Save(w io.Writer, m Parametric, metadata map[string]string) error {
	var tensors []safetensors.Tensor
	for _, p := range m.Parameters() {
		tensors = append(tensors, safetensors.FromFloat32s(p.Name, p.Value.Shape(), p.Value.Data()))
	}
	return safetensors.Encode(w, tensors, metadata)
}

// SaveFile is [Save] to a file. A file that was there before is replaced only when
// all has been written.
func SaveFile(path string, m Parametric, metadata map[string]string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails, as it should, once the file has its name
	w := bufio.NewWriter(f)
	if err := firstError(Save(w, m, metadata), w.Flush, func() error { return f.Chmod(0o644) }, f.Sync); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// firstError returns err, or the error of the first of the steps that has one.
func firstError(err error, steps ...func() error) error {
	for _, step := range steps {
		if err == nil {
			err = step()
		}
	}
	return err
}

package safetensors

import (
	"bufio"
	"os"
	"path/filepath"
)

// WriteFile is [Encode] to the file at path. It replaces an existing file only after it has
// written everything, by another one with the same permissions; those of a new file are 0644. A
// symbolic link is replaced, not followed.
func WriteFile(path string, tensors []Tensor, metadata map[string]string) error {
	mode := os.FileMode(0o644)
	if old, err := os.Stat(path); err == nil {
		mode = old.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails, as it should, once the file has its name
	w := bufio.NewWriter(f)
	if err := firstError(Encode(w, tensors, metadata), w.Flush, func() error { return f.Chmod(mode) }, f.Sync); err != nil {
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

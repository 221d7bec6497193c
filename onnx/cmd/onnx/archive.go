package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// unpacked is how much there may be in an archive.
const unpacked = 2 << 30

// openTests returns the files below a folder, or in a .tgz archive, and what closes them.
func openTests(name string) (fs.FS, func() error, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		root, err := os.OpenRoot(name)
		if err != nil {
			return nil, nil, err
		}
		return root.FS(), root.Close, nil
	}
	b, err := readFile(name, unpacked)
	if err != nil {
		return nil, nil, err
	}
	files, err := unpack(b)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: neither a folder nor a .tgz archive: %w", name, err)
	}
	return files, func() error { return nil }, nil
}

// unpack makes a zip archive in memory of what is in b: that is a file system.
func unpack(b []byte) (fs.FS, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	rest := io.LimitReader(z, unpacked+1)
	for r := tar.NewReader(rest); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		name := path.Clean(h.Name)
		if h.Typeflag != tar.TypeReg || !fs.ValidPath(name) {
			continue
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: name}) // stored as it is
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(f, r); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// readFile reads a file or a pipe of at most so many bytes. A device or a file that is too large is refused before
// anything of it is read.
func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, fmt.Errorf("%s: is a folder", name)
	case !mode.IsRegular() && mode&fs.ModeNamedPipe == 0:
		return nil, fmt.Errorf("%s: is neither a file nor a pipe", name)
	case info.Size() > limit:
		return nil, fmt.Errorf("%s: %d bytes, want at most %d", name, info.Size(), limit)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b []byte
	if size := info.Size(); size > 0 {
		b = make([]byte, 0, size+1) // with room to see the end
	}
	b, err = appendAll(b, io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", name, limit)
	}
	return b, nil
}

// appendAll is [io.ReadAll] into a slice that may have room already.
func appendAll(b []byte, r io.Reader) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// files are those that a command writes.
type files struct {
	mu        sync.Mutex
	part      string // the one that is being written
	abandoned bool
}

// abandon removes what is half written, and keeps anything more from being written.
func (f *files) abandon() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.abandoned = true
	if f.part != "" {
		os.Remove(f.part)
	}
}

// create writes a file, or the standard output for -. It writes into a new file beside it, which takes its name when
// it is whole; a pipe or a device is written as it is.
func (c *call) create(name string, write func(io.Writer) error) error {
	if name == "-" {
		return write(c.stdout)
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real // the link stays
	}
	mode := fs.FileMode(0o666)
	if info, err := os.Stat(name); err == nil {
		if info.IsDir() {
			return fmt.Errorf("%s: is a folder", name)
		}
		if !info.Mode().IsRegular() {
			return writeTo(name, os.O_WRONLY, 0, write)
		}
		mode = info.Mode().Perm()
	}
	return c.files.replace(name, mode, write)
}

func (f *files) replace(name string, mode fs.FileMode, write func(io.Writer) error) error {
	f.mu.Lock()
	if f.abandoned {
		f.mu.Unlock()
		return context.Canceled
	}
	f.part = filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.%d.part", filepath.Base(name), os.Getpid()))
	part := f.part
	f.mu.Unlock()
	err := writeTo(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode, write)
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = &fs.PathError{Op: "write", Path: name, Err: at.Err} // nobody knows the other name
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.part = ""
	if err == nil && f.abandoned {
		err = context.Canceled
	}
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		os.Remove(part)
	}
	return err
}

func writeTo(name string, how int, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, how, mode)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Read returns the content of the file or the pipe at path. More than limit bytes are an
// error, as are directories, devices and sockets; a file that is too large is refused
// before anything of it is read. Read waits for a pipe's writer: see [Await].
//
// Errors do not name the path. A missing file matches fs.ErrNotExist.
func Read(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path) // to open a device can do things
	if err == nil {
		err = check(info, limit)
	}
	if err != nil {
		return nil, bare(err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer file.Close()
	if info, err = file.Stat(); err == nil { // it may be another one by now
		err = check(info, limit)
	}
	if err != nil {
		return nil, bare(err)
	}
	data, err := read(file, info.Size(), limit)
	return data, bare(err)
}

// check refuses what is neither a file nor a pipe, and files that are too large.
func check(info fs.FileInfo, limit int64) error {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return errors.New("is a directory")
	case mode&fs.ModeDevice != 0:
		return errors.New("is a device, not a file")
	case !mode.IsRegular() && mode&fs.ModeNamedPipe == 0:
		return errors.New("is not a file")
	case mode.IsRegular() && info.Size() > limit:
		return tooLarge(info.Size(), limit)
	}
	return nil
}

// read reads to the end of r, which is expected after size bytes, or to the limit.
func read(r io.Reader, size, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(int(size) + bytes.MinRead)
	n, err := buf.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, tooLarge(n, limit)
	}
	return buf.Bytes(), nil
}

func tooLarge(size, limit int64) error {
	return fmt.Errorf("%d bytes or more, over the limit of %d", size, limit)
}

// bare returns an error of package os without the path, which the caller knows better.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A usageError is a command line that is wrong.
type usageError struct{ error }

func isUsage(err error) bool {
	_, ok := errors.AsType[usageError](err)
	return ok
}

func badUsage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// parse parses the flags and returns the one argument that remains, which is called what. For -h it tells
// about the flags.
func (c *call) parse(flags *flag.FlagSet, what string) (string, error) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	switch err := flags.Parse(c.args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(c.stdout, "usage: onnx %s [flags] %s\n", flags.Name(), what)
		flags.SetOutput(c.stdout)
		flags.PrintDefaults()
		return "", err
	case err != nil:
		return "", usageError{err}
	}
	if flags.NArg() != 1 {
		return "", badUsage("%d arguments %q, want %s, behind the flags", flags.NArg(), flags.Args(), what)
	}
	return flags.Arg(0), nil
}

// shapes is a flag that may be given several times: NAME=1,3,320,320.
type shapes map[string][]int

func (s shapes) String() string { return "" }

func (s shapes) Set(text string) error {
	at := strings.LastIndexByte(text, '=')
	if at < 0 {
		return errors.New("want NAME=1,3,320,320")
	}
	name, list := text[:at], text[at+1:]
	if _, ok := s[name]; ok {
		return fmt.Errorf("input %q has a shape already", name)
	}
	shape := []int{}
	for _, d := range strings.Split(list, ",") {
		if list == "" { // a scalar
			break
		}
		n, err := strconv.Atoi(d)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is no extent", d)
		}
		shape = append(shape, n)
	}
	s[name] = shape
	return nil
}

// integers is a flag that may be given several times: NAME=16000.
type integers map[string]int64

func (s integers) String() string { return "" }

func (s integers) Set(text string) error {
	at := strings.LastIndexByte(text, '=')
	n, err := strconv.ParseInt(text[at+1:], 10, 64)
	if at < 0 || err != nil {
		return errors.New("want NAME=16000")
	}
	if _, ok := s[text[:at]]; ok {
		return fmt.Errorf("input %q has a value already", text[:at])
	}
	s[text[:at]] = n
	return nil
}

// names is a flag that may be given several times.
type names []string

func (s *names) String() string { return "" }

func (s *names) Set(text string) error {
	if text == "" {
		return errors.New("want a file")
	}
	*s = append(*s, text)
	return nil
}

// mebibytes is a flag: a number of bytes, given in MiB.
type mebibytes int64

func (m *mebibytes) String() string { return strconv.FormatInt(int64(*m)>>20, 10) }

func (m *mebibytes) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt>>20 {
		return errors.New("want a number of MiB")
	}
	*m = mebibytes(n << 20)
	return nil
}

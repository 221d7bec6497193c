// Package peer lets candidates that need a process of their own take their turn in
// the rounds of another: a runtime experiment, a C library, a library with global
// state. The two speak lines over standard input and output:
//
//	→                         the first line, from the child: ready INFORMATION, or absent REASON
//	check CASE                → values V V V …
//	run CASE N                → ok NANOSECONDS ALLOCATIONS BYTES
//
// Every answer may also be error TEXT. The child ends when its input does.
package peer

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"github.com/allocarrays/allocarrays-go/bench/internal/measure"
)

// Work is a case that was prepared by a child.
type Work struct {
	Run     func(n int)      // performs n operations
	Output  func() []float32 // what an operation computed; nil if nothing
	OneCore bool             // Go code runs on one core only
}

// Serve answers the parent on standard output until standard input ends. info is a
// line about the peer, such as its version; prepare makes the work of a case.
func Serve(info string, prepare func(name string) (Work, error)) {
	signal.Ignore(os.Interrupt) // the parent decides when to end
	serve(os.Stdin, os.Stdout, info, prepare)
}

// Absent tells the parent that the peer is not to be had, and why.
func Absent(reason string) { fmt.Println("absent", line(reason)) }

func serve(in io.Reader, out io.Writer, info string, prepare func(string) (Work, error)) {
	fmt.Fprintln(out, "ready", line(info))
	s := server{prepare: prepare, prepared: map[string]Work{}}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		answer, err := s.answer(strings.Fields(lines.Text()))
		if err != nil {
			answer = "error " + line(err.Error())
		}
		fmt.Fprintln(out, answer)
	}
}

// line makes one line of text.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

// server keeps the work that was prepared.
type server struct {
	prepare  func(string) (Work, error)
	prepared map[string]Work
}

func (s server) answer(words []string) (string, error) {
	switch {
	case len(words) == 2 && words[0] == "check":
		return s.check(words[1])
	case len(words) == 3 && words[0] == "run":
		return s.run(words[1], words[2])
	}
	return "", fmt.Errorf("peer: no such command: %q", words)
}

func (s server) work(name string) (Work, error) {
	if w, ok := s.prepared[name]; ok {
		return w, nil
	}
	w, err := s.prepare(name)
	if err == nil {
		s.prepared[name] = w
	}
	return w, err
}

func (s server) check(name string) (string, error) {
	w, err := s.work(name)
	if err != nil {
		return "", err
	}
	answer := []byte("values")
	if w.Output != nil {
		w.Run(1)
		for _, v := range w.Output() {
			answer = strconv.AppendFloat(append(answer, ' '), float64(v), 'g', -1, 32)
		}
	}
	return string(answer), nil
}

func (s server) run(name, count string) (string, error) {
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return "", fmt.Errorf("peer: bad number of operations %q", count)
	}
	w, err := s.work(name)
	if err != nil {
		return "", err
	}
	if w.OneCore {
		defer measure.OneCore()()
	}
	m := measure.Time(n, w.Run)
	return fmt.Sprintf("ok %d %d %d", m.Time.Nanoseconds(), m.Allocs, m.Bytes), nil
}

package x86

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An operand is one argument of an instruction in Go's assembly syntax.
type operand struct {
	kind        byte // g: general, v: vector, k: mask, i: immediate, m: memory, t: the argument, l: label
	reg         int
	count       int // lanes of a vector
	value       int64
	base, index int // general registers of a memory operand; -1: none
	scale       int64
	label       string
}

// An instruction is one line of assembly.
type instruction struct {
	op   string
	args []operand
}

// A Program is the body of one function.
type Program struct {
	code   []instruction
	labels map[string]int
}

// general are the general registers in the order of their numbers.
var general = map[string]int{"AX": 0, "CX": 1, "DX": 2, "BX": 3, "SP": 4, "BP": 5, "SI": 6, "DI": 7,
	"R8": 8, "R9": 9, "R10": 10, "R11": 11, "R12": 12, "R13": 13, "R14": 14, "R15": 15}

var memoryOperand = regexp.MustCompile(`^(-?\d*)\((\w+)\)(?:\((\w+)\*(\d)\))?$`)

// Programs parses a generated file, the very text that is assembled.
func Programs(t testing.TB, file string) map[string]*Program {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	all, p := map[string]*Program{}, (*Program)(nil)
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(strings.ReplaceAll(line, ",", " "))
		switch {
		case len(fields) == 0 || strings.HasPrefix(line, "#"):
		case fields[0] == "TEXT":
			name, _, _ := strings.Cut(strings.TrimPrefix(fields[1], "·"), "(")
			p = &Program{labels: map[string]int{}}
			all[name] = p
		case strings.HasSuffix(fields[0], ":"):
			p.labels[strings.TrimSuffix(fields[0], ":")] = len(p.code)
		default:
			p.code = append(p.code, instruction{fields[0], operands(t, fields[1:])})
		}
	}
	return all
}

// operands parses the arguments of one instruction.
func operands(t testing.TB, fields []string) (args []operand) {
	for _, f := range fields {
		args = append(args, parse(t, f))
	}
	return args
}

// parse parses one argument.
func parse(t testing.TB, f string) operand {
	if r, ok := general[f]; ok {
		return operand{kind: 'g', reg: r}
	}
	if f == "t+0(FP)" {
		return operand{kind: 't'}
	}
	if m := memoryOperand.FindStringSubmatch(f); m != nil {
		o := operand{kind: 'm', base: general[m[2]], index: -1}
		o.value, _ = strconv.ParseInt(m[1], 0, 64)
		if m[3] != "" {
			o.index = general[m[3]]
			o.scale, _ = strconv.ParseInt(m[4], 0, 64)
		}
		return o
	}
	n, err := strconv.ParseInt(f[1:], 0, 64)
	lanes := map[byte]int{'X': 4, 'Y': 8, 'Z': 16}
	switch {
	case err != nil:
		return operand{kind: 'l', label: f}
	case f[0] == '$':
		return operand{kind: 'i', value: n}
	case f[0] == 'K':
		return operand{kind: 'k', reg: int(n)}
	}
	require.Contains(t, lanes, f[0], f)
	return operand{kind: 'v', reg: int(n), count: lanes[f[0]]}
}

var calls = regexp.MustCompile(`(?m)^\t\t(\w+)\(t\)$`)

// Called returns the functions that a generated switch calls, in its order.
func Called(t testing.TB, file string) (names []string) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, m := range calls.FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	return names
}

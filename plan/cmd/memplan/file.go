package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/allocarrays/allocarrays-go/plan"
)

// A file is a problem whose blocks have names.
type file struct {
	problem plan.Problem
	ids     []string
}

// largest is how many bytes of a file are read: a million blocks take about 40 MB.
const largest = 1 << 30

func open(name string, stdin io.Reader) (file, error) {
	if name == "-" {
		return read(stdin, "standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return file{}, err
	}
	defer f.Close()
	return read(f, name)
}

// columns are the names that a column of MiniMalloc's format goes by. A column named end
// is that of the last step of a life, not of the step after it.
var columns = map[string]string{
	"id": "id", "buffer": "id", "buffer_id": "id", "size": "size", "alignment": "alignment", "gaps": "gaps", "hint": "hint",
	"lower": "lower", "begin": "lower", "start": "lower", "upper": "upper", "end": "end", "offset": "offset",
}

// read reads a problem. Blocks with an offset are fixed there.
func read(r io.Reader, name string) (file, error) {
	in := csv.NewReader(io.LimitReader(r, largest))
	in.TrimLeadingSpace = true
	in.ReuseRecord = true
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return file{}, fmt.Errorf("%s: empty; want a header such as id,lower,upper,size", name)
	}
	if err != nil {
		return file{}, fmt.Errorf("%s: %w", name, err)
	}
	at := map[string]int{}
	for i, h := range header {
		column, ok := columns[strings.ToLower(strings.TrimSpace(h))]
		if _, twice := at[column]; !ok || twice {
			return file{}, fmt.Errorf("%s: column %q is unknown or given twice; known are id, lower, upper, size, alignment, offset", name, h)
		}
		at[column] = i
	}
	if _, ok := at["upper"]; !ok {
		if _, ok = at["end"]; ok {
			at["upper"] = at["end"]
		}
	}
	for _, must := range []string{"id", "lower", "upper", "size"} {
		if _, ok := at[must]; !ok {
			return file{}, fmt.Errorf("%s: no column %q in the header %q", name, must, strings.Join(header, ","))
		}
	}
	var f file
	seen := map[string]bool{}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return file{}, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := in.FieldPos(0)
		b, err := block(record, at)
		if err != nil {
			return file{}, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		id := strings.Clone(record[at["id"]])
		if seen[id] {
			return file{}, fmt.Errorf("%s:%d: id %.40q is given twice", name, line, id)
		}
		seen[id] = true
		f.ids = append(f.ids, id)
		f.problem.Blocks = append(f.problem.Blocks, b)
	}
}

func block(record []string, at map[string]int) (plan.Block, error) {
	var b plan.Block
	number := func(column string, n *int64) (given bool, err error) {
		i, ok := at[column]
		if !ok || strings.TrimSpace(record[i]) == "" {
			return false, nil
		}
		*n, err = strconv.ParseInt(strings.TrimSpace(record[i]), 10, 64)
		if err != nil {
			return true, fmt.Errorf("%s: %.40q is not a number", column, record[i])
		}
		return true, nil
	}
	if i, ok := at["gaps"]; ok && strings.TrimSpace(record[i]) != "" {
		return b, fmt.Errorf("gaps: %.40q: gaps in lives are not supported", record[i])
	}
	for column, n := range map[string]*int64{"lower": &b.From, "upper": &b.To, "size": &b.Size} {
		if given, err := number(column, n); err != nil {
			return b, err
		} else if !given {
			return b, fmt.Errorf("%s is missing", column)
		}
	}
	if _, err := number("alignment", &b.Align); err != nil {
		return b, err
	}
	var err error
	if b.Fixed, err = number("offset", &b.Offset); err != nil {
		return b, err
	}
	if _, inclusive := at["end"]; inclusive {
		b.To++
	}
	return b, nil
}

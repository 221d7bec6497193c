package main

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// A mutant is a bug in one function: some pieces of its source are replaced.
type mutant struct {
	name  string // file, function, operator and snippets: the same in every run
	class string // ordinary, or order: see the operators
	file  *sourceFile
	fn    *function
	op    string
	test  string // that is to kill it; empty if any may
	edits []edit
	id    int // the number that switches it on, if it is built in
}

// Classes of mutants.
const (
	ordinary = "ordinary"
	order    = "memory order" // what only another processor, or the race detector, can tell
)

// An edit replaces the bytes from begin to end of a file.
type edit struct {
	begin, end int
	text       string
}

// apply returns source[begin:end] with the edits, which do not overlap.
func apply(source []byte, begin, end int, edits []edit) string {
	edits = append([]edit(nil), edits...)
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].begin < edits[j].begin })
	var out strings.Builder
	for _, e := range edits {
		out.Write(source[begin:e.begin])
		out.WriteString(e.text)
		begin = e.end
	}
	out.Write(source[begin:end])
	return out.String()
}

// describe says what the edits change, on one line.
func (m *mutant) describe() string {
	var parts []string
	for _, e := range m.edits {
		from, to := brief(string(m.file.source[e.begin:e.end])), brief(e.text)
		switch {
		case to == "":
			parts = append(parts, from+" removed")
		case from == "":
			parts = append(parts, to+" inserted")
		default:
			parts = append(parts, from+" becomes "+to)
		}
	}
	return strings.Join(parts, ", ")
}

// brief puts a snippet on one line, and shortens it.
func brief(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	const most = 72
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	runes := []rune(text)
	return string(runes[:most/2]) + " … " + string(runes[len(runes)-most/2+3:])
}

// nameAll gives mutants their names; a number tells those apart that look alike.
func nameAll(list []*mutant) {
	seen := map[string]int{}
	for _, m := range list {
		m.name = fmt.Sprintf("%s %s %s: %s", m.file.path, m.fn.name, m.op, m.describe())
		if seen[m.name]++; seen[m.name] > 1 {
			m.name = fmt.Sprintf("%s (%d)", m.name, seen[m.name])
		}
	}
}

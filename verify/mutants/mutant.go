package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A mutant is a bug: in File, Old becomes New.
type mutant struct {
	Name, File, Old, New string
}

// apply plants the bug in the tree at root, and returns how to take it out again.
func (m mutant) apply(root string) (undo func() error, err error) {
	path := filepath.Join(root, m.File)
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(source), m.Old); n != 1 {
		return nil, fmt.Errorf("mutant %q: its piece of %s is there %d times", m.Name, m.File, n)
	}
	mutated := strings.Replace(string(source), m.Old, m.New, 1)
	undo = func() error { return os.WriteFile(path, source, 0o644) }
	return undo, os.WriteFile(path, []byte(mutated), 0o644)
}

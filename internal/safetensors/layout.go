package safetensors

import (
	"cmp"
	"fmt"
	"slices"
)

// checkLayout verifies that the entries tile size bytes of data: sorted by
// their offsets each begins where the one before it ended, the first at 0 and
// the last ends at size. That rules out reads beyond the file, two names for
// the same bytes and bytes with no name, where something could hide.
func checkLayout(entries []entry, size int64, file string) error {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b entry) int {
		// By name at last: which of two tensors is blamed must not depend on
		// the order of the header.
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.name, b.name))
	})
	var last entry // the empty one before the first
	for _, e := range sorted {
		if reason := misplaced(e, last, size); reason != "" {
			return &Error{File: file, Tensor: e.name, Reason: reason}
		}
		last = e
	}
	if last.end != size {
		return &Error{File: file, Reason: fmt.Sprintf("%d bytes at the end belong to no tensor", size-last.end)}
	}
	return nil
}

// misplaced says why e cannot follow last, or nothing when it can.
func misplaced(e, last entry, size int64) string {
	if e.begin == last.end && e.end <= size {
		return ""
	}
	at := fmt.Sprintf("data offsets [%d, %d)", e.begin, e.end)
	switch {
	case e.end > size:
		return fmt.Sprintf("%s end beyond the %d bytes of data", at, size)
	case e.begin < last.end:
		return fmt.Sprintf("%s overlap tensor %q at [%d, %d)", at, last.name, last.begin, last.end)
	default:
		return fmt.Sprintf("%s leave a hole: %d bytes before them belong to no tensor", at, e.begin-last.end)
	}
}

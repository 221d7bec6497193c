package safetensors

import (
	"cmp"
	"fmt"
	"slices"
)

// checkLayout verifies that the entries, which are sorted by name, tile size bytes of data: sorted by
// their offsets each begins where the one before it ended, the first at 0 and
// the last ends at size. That rules out reads beyond the file, two names for
// the same bytes and bytes with no name, where something could hide.
func checkLayout(entries []entry, size int64, file string) error {
	order := make([]int32, len(entries))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		// By name at last: which of two tensors is blamed must not depend on
		// the order of the header.
		a, b := &entries[i], &entries[j]
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(i, j))
	})
	var last entry // the empty one before the first
	for _, i := range order {
		e := entries[i]
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
		return fmt.Sprintf("%s overlap tensor %s at [%d, %d)", at, Quote(last.name), last.begin, last.end)
	default:
		return fmt.Sprintf("%s leave a hole: %d bytes before them belong to no tensor", at, e.begin-last.end)
	}
}

//go:build !(linux || darwin)

package pages

import "errors"

// host is an operating system whose pages the standard library cannot protect:
// blocks are poisoned where they are.
type host struct{}

func (host) pageSize() int { return 4096 }

func (host) reserve() ([]byte, error) {
	return nil, errors.New("guard: no page protection on this system")
}

func (host) open([]byte) error { return nil }

func (host) shut([]byte) error { return nil }

func (host) discard([]byte) {}

func (host) maxBlocks() int { return 0 }

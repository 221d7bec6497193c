//go:build !(linux || darwin)

package pages

func unreserve([]byte) {}

//go:build !(linux || darwin)

package guard

func unreserve([]byte) {}

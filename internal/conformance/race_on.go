//go:build race

package conformance

// thoroughness is how much is tried where more is better; the race detector makes
// everything ten times slower.
const thoroughness = 1

//go:build !race

package conformance

// thoroughness is how much is tried where more is better.
const thoroughness = 5

package main

import (
	"math"
	"time"
)

// The buckets of a histogram: bucket i holds what lasted from growth^i to growth^(i+1)
// shortest, so that a quantile is right to one percent.
const (
	growth   = 1.01
	shortest = 100 * time.Nanosecond
	buckets  = 2100 // up to two minutes, ln(10⁹)/ln(growth)
)

// A histogram counts durations without allocating.
type histogram [buckets]uint64

// add counts one duration.
func (h *histogram) add(d time.Duration) {
	h[bucketOf(d)]++
}

func bucketOf(d time.Duration) int {
	if d <= shortest {
		return 0
	}
	return min(int(math.Log(float64(d)/float64(shortest))/math.Log(growth)), buckets-1)
}

// merge adds the counts of another histogram.
func (h *histogram) merge(o *histogram) {
	for i, n := range o {
		h[i] += n
	}
}

// count returns how many durations were added.
func (h *histogram) count() (n uint64) {
	for _, c := range h {
		n += c
	}
	return n
}

// quantile returns the duration that the share q, from 0 to 1, does not exceed (the
// nearest-rank definition), as the middle of its bucket; 0 if there is none.
func (h *histogram) quantile(q float64) time.Duration {
	rank, seen := uint64(math.Ceil(q*float64(h.count()))), uint64(0)
	for i, n := range h {
		if seen += n; n > 0 && seen >= rank {
			return time.Duration(float64(shortest) * math.Pow(growth, float64(i)+0.5))
		}
	}
	return 0
}

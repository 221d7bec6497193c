// Package heapmeter counts what a program allocates on the Go heap, exactly.
//
// The figures are those of package runtime/metrics, with one precaution: the runtime
// counts a small object when the span it lies in is full, which may be thousands of
// objects later. A meter has the spans given back before it reads.
package heapmeter

import (
	"runtime"
	"runtime/metrics"
)

// Counts is what was allocated since the program began.
type Counts struct {
	Objects uint64 // heap objects, tiny ones that share a slot included
	Bytes   uint64 // heap bytes
	Cycles  uint64 // completed cycles of garbage collection
}

// Sub returns what was allocated since o was read.
func (c Counts) Sub(o Counts) Counts {
	return Counts{c.Objects - o.Objects, c.Bytes - o.Bytes, c.Cycles - o.Cycles}
}

// Add returns the sum of two differences.
func (c Counts) Add(o Counts) Counts {
	return Counts{c.Objects + o.Objects, c.Bytes + o.Bytes, c.Cycles + o.Cycles}
}

// A Meter reads the counts. It owns all memory that reading needs: a Read allocates
// nothing once the first one is done, which [New] does. It is not safe for concurrent
// use.
type Meter struct {
	samples [4]metrics.Sample
	mem     runtime.MemStats
}

// New returns a meter.
func New() *Meter {
	m := &Meter{}
	for i, name := range [...]string{
		"/gc/heap/allocs:objects",      // without those that share a slot
		"/gc/heap/tiny/allocs:objects", // those that share a slot
		"/gc/heap/allocs:bytes",
		"/gc/cycles/total:gc-cycles",
	} {
		m.samples[i].Name = name
	}
	m.Read()
	return m
}

// Read returns the counts. It stops the world for some microseconds.
func (m *Meter) Read() Counts {
	runtime.ReadMemStats(&m.mem) // for its side effect: all Ps give their spans back
	metrics.Read(m.samples[:])
	return Counts{
		Objects: m.samples[0].Value.Uint64() + m.samples[1].Value.Uint64(),
		Bytes:   m.samples[2].Value.Uint64(),
		Cycles:  m.samples[3].Value.Uint64(),
	}
}

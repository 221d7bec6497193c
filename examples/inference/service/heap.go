package service

import "runtime/metrics"

// heapState is the state of the Go heap.
type heapState struct {
	Live      uint64 `json:"live_bytes"`      // of objects, garbage included
	Allocated uint64 `json:"allocated_bytes"` // since the start
	Objects   uint64 `json:"allocated_objects"`
	Cycles    uint64 `json:"gc_cycles"` // since the start
}

var heapNames = [...]string{
	"/memory/classes/heap/objects:bytes", "/gc/heap/allocs:bytes", "/gc/heap/allocs:objects", "/gc/cycles/total:gc-cycles",
}

// A heapReader reads the state without stopping the world. The runtime counts small
// objects late, when their span is full: the figures are for a chart, not for a proof. It
// is not safe for concurrent use.
type heapReader [len(heapNames)]metrics.Sample

func newHeapReader() *heapReader {
	r := &heapReader{}
	for i, name := range heapNames {
		r[i].Name = name
	}
	return r
}

func (r *heapReader) read() heapState {
	metrics.Read(r[:])
	return heapState{r[0].Value.Uint64(), r[1].Value.Uint64(), r[2].Value.Uint64(), r[3].Value.Uint64()}
}

// Command inference classifies handwritten digits and shows what the memory for it
// costs on the Go heap, on bump buffers, and on one bump buffer behind a lock.
//
//	go run ./examples/inference
//
// The weights and a set of drawn digits are embedded. Package mlp, which computes,
// asks the context for memory and imports no allocator; the three runs differ in
// memory.go only.
//
// A run lets -workers goroutines classify batch after batch for -duration; the runs
// take turns. Everything between the moment all workers are ready and the moment all
// have stopped is counted: heap objects and bytes, cycles of garbage collection and the
// latency of each batch. Every prediction is compared, bit for bit, with those made
// before the runs.
//
// With -serve the program is a service with a page to draw digits on; see package service.
//
// Run the program with -h to see its flags.
package main

//go:generate go run ../internal/digits/gen -dir digits -n 1000 -seed 1

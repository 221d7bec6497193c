package service

import "time"

// Limits is what a client may ask for, and how long it may take.
type Limits struct {
	Memory  int // bytes that the shared buffer may take; a request that gets none is answered 503
	Request int // bytes that one request may hold of it; one that needs more is answered 413
	Body    int // bytes of the body of a request
	Batch   int // images in a request
	Pixels  int // pixels of a picture or drawing

	Header time.Duration // for reading the header of a request
	Read   time.Duration // for reading a request, header and body
	Write  time.Duration // for reading the body, the work, and writing the answer
	Idle   time.Duration // for a connection without a request
	Queue  time.Duration // for waiting until a picture can be decoded
	Drain  time.Duration // for finishing requests at the end
}

// DefaultLimits returns the limits of the program.
func DefaultLimits() Limits {
	return Limits{
		Memory: 128 << 20, Request: 32 << 20, Body: 4 << 20, Batch: 1024, Pixels: 4 << 20,
		Header: 5 * time.Second, Read: 15 * time.Second, Write: 30 * time.Second,
		Idle: time.Minute, Queue: 2 * time.Second, Drain: 10 * time.Second,
	}
}

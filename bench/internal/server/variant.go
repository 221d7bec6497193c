package server

import (
	"context"
	"fmt"
	"sync"

	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// The variants of the service.
const (
	Heap    = "heap"    // the Go heap
	Pool    = "pool"    // a hand-written workspace from a sync.Pool
	Request = "request" // a SlabBuffer for each request, from a free list
	Locked  = "locked"  // one locked buffer for all
)

// New returns the service of that variant.
func New(variant string) (Service, error) {
	weights := model.NewMLP()
	switch variant {
	case Pool:
		return newPooled(weights), nil
	case Heap:
		return scoped{model.NewChain(weights), unchanged}, nil
	case Request:
		return scoped{model.NewChain(weights), perRequest()}, nil
	case Locked:
		buf := locked.Share(bumper.NewSlabBuffer())
		return scoped{model.NewChain(weights), func(ctx context.Context) (context.Context, func()) {
			return scope.WithAllocator(ctx, buf), func() {}
		}}, nil
	}
	return nil, fmt.Errorf("server: no such variant: %q", variant)
}

func unchanged(ctx context.Context) (context.Context, func()) { return ctx, func() {} }

// perRequest gives each request the buffer that was given back last, whose memory is
// most likely in the caches.
func perRequest() func(context.Context) (context.Context, func()) {
	var mu sync.Mutex
	var free []*bumper.SlabBuffer
	return func(ctx context.Context) (context.Context, func()) {
		mu.Lock()
		defer mu.Unlock()
		var buf *bumper.SlabBuffer
		if last := len(free) - 1; last >= 0 {
			buf, free = free[last], free[:last]
		} else {
			buf = bumper.NewSlabBuffer()
		}
		return scope.WithAllocator(ctx, buf), func() {
			mu.Lock()
			free = append(free, buf)
			mu.Unlock()
		}
	}
}

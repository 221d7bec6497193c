package scopegrpc

import (
	"context"
	"fmt"
	"sync/atomic"

	"google.golang.org/grpc/stats"

	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// rpc is the context of an RPC. gRPC takes it from TagRPC, before the scope may be opened;
// so it is the context of the scope only from then on.
type rpc struct {
	context.Context // that of gRPC
	handler         *Handler
	info            *stats.RPCTagInfo
	codec           string       // the content-subtype of the request
	protobuf        bool         // the registered codec is gRPC's own, and only Fast relies on it
	own, tenant     *meter.Limit // nil if there are none
	opened          atomic.Pointer[opened]
	outcome         atomic.Uint32 // as far as the interceptors know
}

// opened is an open scope and its context.
type opened struct {
	context.Context
	*scope.Scope
}

// rpcKey finds the rpc of a Handler in a context.
type rpcKey struct{ handler *Handler }

func (h *Handler) find(ctx context.Context) *rpc {
	c, _ := ctx.Value(rpcKey{h}).(*rpc)
	return c
}

// Value is that of the scope's context. Before the scope is opened, and for an RPC that
// never is, the allocator is that of gRPC's context, usually the heap.
func (c *rpc) Value(key any) any {
	if key == (rpcKey{c.handler}) {
		return c
	}
	if o := c.opened.Load(); o != nil {
		return o.Context.Value(key)
	}
	return c.Context.Value(key)
}

func (c *rpc) begin() {
	h := c.handler
	ctx := scope.WithAllocator(c.Context, c.limits())
	if h.context != nil {
		ctx = h.context(ctx, c.info)
		if ctx == nil {
			panic(fmt.Sprintf("scopegrpc: the function of Context returned nil for %s", c.info.FullMethodName))
		}
		a := scope.AllocatorFrom(ctx)
		if problem := h.unfit(a); problem != "" {
			panic(fmt.Sprintf("scopegrpc: the function of Context put a %T into the context of %s: %s", a, c.info.FullMethodName, problem))
		}
	}
	ctx, s := scope.Open(ctx)
	c.opened.Store(&opened{ctx, s})
	h.open.Add(1)
}

func (c *rpc) end(err error) {
	o := c.opened.Load()
	if o == nil {
		return
	}
	_ = o.End() // which fails for bump buffers only, and there are none
	outcome := c.outcome.Load()
	if outcome == success && err != nil {
		outcome = failure
	}
	c.handler.outcomes[outcome].Add(1)
	if c.own != nil {
		c.handler.peaks.add(c.own.Stats().Peak)
	}
	c.handler.open.Add(-1)
}

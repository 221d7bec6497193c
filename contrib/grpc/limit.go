package scopegrpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc/stats"

	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// Limit bounds what one RPC may hold, in bytes. An RPC holds what its scope takes from the
// buffer, up to 1.5 times what it allocates and 4 KiB more. Limit panics if bytes is not
// positive.
func Limit(bytes int) Option {
	if bytes <= 0 {
		panic(fmt.Sprintf("scopegrpc: Limit(%d)", bytes))
	}
	return func(h *Handler) { h.limit = bytes }
}

// Within charges all RPCs to l, for the process. It panics if l is nil.
func Within(l *meter.Limit) Option {
	if l == nil {
		panic("scopegrpc: Within(nil)")
	}
	return func(h *Handler) { h.within = l }
}

// Tenant charges each RPC to the limit that f returns, which others may share: that of a
// tenant or of a method. For nil the RPC has none. The limit must be below that of
// [Within], if there is one; the Handler panics if it is not. Tenant panics if f is nil.
//
// f runs before the interceptors. Nobody should be able to make up tenants: it must not
// trust metadata that the client has set.
func Tenant(f func(ctx context.Context, info *stats.RPCTagInfo) *meter.Limit) Option {
	if f == nil {
		panic("scopegrpc: Tenant(nil)")
	}
	return func(h *Handler) { h.tenant = f }
}

// makeMeter makes the meter that charges RPCs, if there are limits.
func (h *Handler) makeMeter() {
	switch {
	case h.within != nil:
		h.meter = meter.New(h.allocator, meter.Within(h.within))
	case h.limit > 0 || h.tenant != nil:
		h.meter = meter.New(h.allocator)
	}
}

// limits gives the RPC its limits, and returns the allocator that charges them.
func (c *rpc) limits() scope.Allocator {
	h := c.handler
	if h.meter == nil {
		return h.allocator
	}
	parent := h.within
	if h.tenant != nil {
		if c.tenant = h.tenant(c.Context, c.info); c.tenant != nil {
			parent = c.tenant
		}
	}
	c.own = meter.NewLimit(parent, "rpc", h.limit) // counts, if the limit is 0
	return h.meter.Within(c.own)
}

// Levels: whose limit refused memory.
const (
	own = iota
	tenant
	process
	numLevels
)

var levelNames = [numLevels]string{"own", "tenant", "process"}

// level returns whose limit refused.
func (c *rpc) level(err error) int {
	for l := meter.RefusedBy(err); l != nil; l = l.Parent() {
		switch l {
		case c.own:
			return own
		case c.tenant:
			return tenant
		}
	}
	return process
}

// exhausted notes that memory was exhausted for the RPC.
func (c *rpc) exhausted(err error) {
	if c == nil {
		return
	}
	c.set(exhausted)
	c.handler.levels[c.level(err)].Add(1)
}

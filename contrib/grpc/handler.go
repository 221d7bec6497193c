package scopegrpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/stats"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/memory"
)

// A Handler gives each RPC of a server a scope. It is a stats.Handler, and one Handler may
// serve several servers. All its methods are safe for concurrent use.
//
// On the client side a Handler does nothing. A server that has it as stats.Handler without
// the interceptors of [Handler.ServerOptions] has the scopes, but codecs are not checked,
// and exhausted memory panics.
type Handler struct {
	allocator  scope.Allocator
	fast       bool
	context    func(context.Context, *stats.RPCTagInfo) context.Context
	perMessage bool
	copies     map[string]bool
	forced     encoding.CodecV2

	limit  int
	within *meter.Limit
	tenant func(context.Context, *stats.RPCTagInfo) *meter.Limit
	meter  *meter.Meter // nil without limits

	counts
}

var _ stats.Handler = (*Handler)(nil)

// An Option configures a [Handler].
type Option func(*Handler)

// New returns a Handler. Without the option [Buffer] it makes a buffer of its own, which
// isolates: see [bumper.Isolating].
func New(opts ...Option) *Handler {
	h := &Handler{copies: map[string]bool{}}
	for _, o := range opts {
		o(h)
	}
	if h.allocator == nil {
		h.allocator = locked.Share(h.ownBuffer())
	}
	if problem := h.unfit(h.allocator); problem != "" {
		panic(fmt.Sprintf("scopegrpc: Buffer(%T): %s", h.allocator, problem))
	}
	h.makeMeter()
	return h
}

// Buffer sets what the scopes take memory from: a buffer shared with [locked.Share], or a
// wrapper around one, as of package meter. New panics if goroutines cannot share a, or if
// it is a shared buffer that does not isolate, unless [Fast] is given as well.
func Buffer(a scope.Allocator) Option {
	if a == nil {
		panic("scopegrpc: Buffer(nil)")
	}
	return func(h *Handler) { h.allocator = a }
}

// Fast lets the buffer hand memory to another RPC as soon as a scope has ended, even if
// something still refers to it. Every goroutine that uses a raw slice of an RPC must then
// have finished when the RPC ends, and every codec must be known to copy.
func Fast() Option { return func(h *Handler) { h.fast = true } }

// Context sets a function that is called when an RPC begins, before its handler and
// interceptors run. It receives a context that carries the buffer, and returns that or one
// derived from it with another allocator. For limits use [Tenant] and [Limit]. The scope
// takes its memory from there, and its context has the values of the result; a deadline or
// a cancellation added there has no effect. The Handler panics if [New] would for that
// allocator as [Buffer].
func Context(f func(ctx context.Context, info *stats.RPCTagInfo) context.Context) Option {
	return func(h *Handler) { h.context = f }
}

// ServerOptions returns what makes a server use h: h itself as stats.Handler, and
// interceptors that refuse codecs and turn exhausted memory into a status. Give them after
// interceptors that recover from panics, which would take exhausted memory for one.
func (h *Handler) ServerOptions() []grpc.ServerOption {
	opts := []grpc.ServerOption{
		grpc.StatsHandler(h),
		grpc.ChainUnaryInterceptor(h.unary),
		grpc.ChainStreamInterceptor(h.stream),
	}
	if h.forced != nil {
		opts = append(opts, grpc.ForceServerCodecV2(h.forced))
	}
	return opts
}

// Allocator returns what the scopes take memory from: what [Buffer] has set, or the
// *[locked.Buffer] of h's own.
func (h *Handler) Allocator() scope.Allocator { return h.allocator }

// TagConn is part of stats.Handler. It returns ctx.
func (h *Handler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn is part of stats.Handler. It does nothing.
func (h *Handler) HandleConn(context.Context, stats.ConnStats) {}

// TagRPC is part of stats.Handler. It returns a context that belongs to a scope from
// stats.Begin on. It opens none itself: RPCs of methods that the server does not know get
// neither Begin nor End.
func (h *Handler) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return &rpc{Context: ctx, handler: h, info: info}
}

// HandleRPC is part of stats.Handler. It opens the scope of an RPC on stats.Begin and ends
// it on stats.End.
func (h *Handler) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if event.IsClient() {
		return
	}
	switch e := event.(type) {
	case *stats.InHeader:
		if c := h.find(ctx); c != nil {
			c.codec = subtype(e.Header)
		}
	case *stats.Begin:
		if c := h.find(ctx); c != nil {
			c.begin()
		}
	case *stats.End:
		if c := h.find(ctx); c != nil {
			c.end(e.Error)
		}
	}
}

func (h *Handler) ownBuffer() bumper.Buffer {
	if h.fast {
		return bumper.NewSlabBuffer()
	}
	return bumper.NewSlabBuffer(bumper.Isolating())
}

// unfit says why RPCs must not take memory from a, if so.
func (h *Handler) unfit(a scope.Allocator) string {
	shared, ok := memory.As[*locked.Buffer](a)
	if !ok {
		if _, bump := memory.As[memory.Checkpointer](a); bump {
			return "goroutines cannot share it; use locked.Share"
		}
		return ""
	}
	if !h.fast && !isolates(shared) {
		return "it does not isolate: memory that something still refers to would be handed to another RPC; " +
			"make it with bumper.Isolating, or add Fast"
	}
	return ""
}

// isolates asks the owner of an empty block, which is the buffer inside.
func isolates(b *locked.Buffer) bool {
	block, err := b.Alloc(0, 1)
	if err != nil {
		return false
	}
	i, ok := block.Stamp.Owner().(memory.Isolator)
	return ok && i.Isolates()
}

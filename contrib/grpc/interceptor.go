package scopegrpc

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/allocarrays/allocarrays-go/scope"
)

// The interceptors do not bound the scope, which must outlast them.

func (h *Handler) unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	c := h.find(ctx)
	var reply any
	err := h.guarded(c, func() (err error) {
		if reply, err = next(ctx, req); err == nil {
			err = h.checkMessage(c, reply)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

func (h *Handler) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	c := h.find(ss.Context())
	return h.guarded(c, func() error {
		if h.fast && h.forced == nil {
			ss = &checkedStream{ss, h, c}
		}
		if h.perMessage && info.IsClientStream {
			ss = &messageStream{ServerStream: ss} // whose last scope ends with that of the stream
		}
		return next(srv, ss)
	})
}

// guarded runs fn unless the codec is refused, and turns exhausted memory into a status.
// c is nil if h is not the server's stats.Handler.
func (h *Handler) guarded(c *rpc, fn func() error) (err error) {
	if err := h.checkCodec(c); err != nil {
		return err
	}
	returned := false
	defer func() {
		if !returned {
			c.set(panicked) // or runtime.Goexit
		}
	}()
	err = scope.Try(fn)
	returned = true
	if errors.Is(err, scope.ErrExhausted) {
		c.exhausted(err)
		if _, ok := status.FromError(err); !ok { // the handler has not chosen another
			err = status.Error(codes.ResourceExhausted, err.Error())
		}
	}
	return err
}

func (c *rpc) set(outcome uint32) {
	if c != nil {
		c.outcome.Store(outcome)
	}
}

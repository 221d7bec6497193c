package scopegrpc

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/allocarrays/allocarrays-go/scope"
)

// A Receiver is the server's side of a stream of requests, such as a
// grpc.BidiStreamingServer or a grpc.ClientStreamingServer.
type Receiver[Req any] interface {
	Context() context.Context
	Recv() (*Req, error)
}

// Each receives the messages of a stream until it ends, and calls fn for each, in a scope
// of its own: what fn allocates through its context is released when fn returns. What fn
// sends is encoded within Send, so replies may lie in the scope. Each returns nil when the
// client has sent all its messages, and otherwise the first error of Recv or fn; exhausted
// memory is one.
func Each[Req any](stream Receiver[Req], fn func(ctx context.Context, req *Req) error) error {
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := scope.NoEscape(stream.Context(), func(ctx context.Context) error { return fn(ctx, req) }); err != nil {
			return err
		}
	}
}

// PerMessage gives each message that a stream receives a scope, without a change of its
// handler: after a message has been received, the Context of the stream is that of a scope
// which ends when the next one is asked for, or with the stream. A context taken earlier
// belongs to an earlier scope, or before the first message to the whole stream.
//
// It is for handlers that answer a message before they receive the next one. Others, which
// receive ahead, would lose the memory of messages that they still work on.
func PerMessage() Option { return func(h *Handler) { h.perMessage = true } }

// A messageStream opens a scope for each message. One goroutine may receive while another
// sends.
type messageStream struct {
	grpc.ServerStream
	current atomic.Pointer[opened] // nil before the first message
}

func (s *messageStream) Context() context.Context {
	if o := s.current.Load(); o != nil {
		return o.Context
	}
	return s.ServerStream.Context()
}

func (s *messageStream) RecvMsg(m any) error {
	s.end() // and hold nothing while waiting
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	ctx, sc := scope.Open(s.ServerStream.Context())
	s.current.Store(&opened{ctx, sc})
	return nil
}

func (s *messageStream) end() {
	if o := s.current.Load(); o != nil {
		_ = o.End() // which fails for bump buffers only, and there are none
	}
}

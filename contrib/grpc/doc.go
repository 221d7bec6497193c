// Package scopegrpc gives each RPC of a gRPC server a scope of its own, from a buffer that
// all of them share:
//
//	h := scopegrpc.New()
//	server := grpc.NewServer(h.ServerOptions()...)
//
// Handlers then allocate through their context, and may return replies that lie in the
// scope:
//
//	func (s *service) Predict(ctx context.Context, req *pb.Request) (*pb.Reply, error) {
//		y, err := s.model.Forward(ctx, input(ctx, req))
//		return &pb.Reply{Class: y.Data()}, err // encoded before the scope ends
//	}
//
// # How long a scope lasts
//
// An interceptor returns before gRPC encodes the reply, so scope.NoEscape in an interceptor
// releases the reply too early: another request's bytes are sent in its place. Here the
// scope lasts from the event stats.Begin to stats.End: End comes when the handler has
// returned and the reply is encoded, also after an error, a panic, and a handler that goes
// on when its client has left or its deadline has passed. A scope takes memory with its
// first allocation, and none for an RPC that allocates nothing or whose method the server
// does not know.
//
// What must not outlive the RPC: goroutines that the handler has started and left, replies
// that an interceptor or another stats.Handler keeps, and messages in the log of
// grpc.EnableTracing, which renders them later. Arrays notice; raw slices do not, and that
// is why the buffer isolates unless [Fast] is given: memory that anything still refers to
// is not handed to another RPC.
//
// # Streams
//
// The context of a stream belongs to a scope that lasts as long as the stream. Give each
// message of a long one a scope of its own: with [Each], with scope.NoEscape around what is
// done for a message, or for existing handlers with [PerMessage].
//
// # Codecs
//
// gRPC hands the bytes that a codec returns to its transport, which may send them after
// stats.End. The codec for protocol buffers copies the message, so nothing remains of it.
// One that returns the message's own memory must be wrapped with [Copying]. With Fast an
// RPC whose codec is not known to copy is refused with codes.Internal; see [Copies] and
// [ForceCodec]. In an isolating buffer the transport's reference is enough.
//
// # Memory that is exhausted
//
// becomes the status codes.ResourceExhausted, whose message has the proof: what was requested,
// the most that there was, and which limit refused. So clients learn how much of a limit is
// in use; an interceptor outside the Handler's can say less. [Limit], [Tenant] and [Within]
// set limits for an RPC, for a tenant or a method, and for the process.
package scopegrpc

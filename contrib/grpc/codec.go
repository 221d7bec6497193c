package scopegrpc

import (
	"reflect"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// Copying returns c with a Marshal that copies, for a codec that returns the memory of the
// message itself: gRPC may send it after the RPC's scope has ended. Register it in place of
// c, or give it to [ForceCodec]. If c is nil, Copying panics.
//
// The copy costs what copying costs; its memory comes from gRPC's pool.
func Copying(c encoding.CodecV2) encoding.CodecV2 {
	if c == nil {
		panic("scopegrpc: Copying(nil)")
	}
	if c, ok := c.(copying); ok {
		return c
	}
	return copying{c}
}

type copying struct{ encoding.CodecV2 }

func (c copying) Marshal(v any) (mem.BufferSlice, error) {
	data, err := c.CodecV2.Marshal(v)
	if err != nil {
		return nil, err
	}
	defer data.Free()
	pool := mem.DefaultBufferPool()
	buf := pool.Get(data.Len())
	data.CopyTo(*buf)
	return mem.BufferSlice{mem.NewBuffer(buf, pool)}, nil
}

// Copies declares that the registered codecs of these names return memory of their own,
// never that of the message, so that [Fast] accepts them. A name is that of the codec's
// method Name, which is the content-subtype of requests: "json". "proto", gRPC's own, needs
// no declaration; one registered in its place does.
func Copies(names ...string) Option {
	return func(h *Handler) {
		for _, name := range names {
			h.copies[strings.ToLower(name)] = true
		}
	}
}

// ForceCodec makes the server use Copying(c) for all requests: [Handler.ServerOptions]
// contains grpc.ForceServerCodecV2 then.
func ForceCodec(c encoding.CodecV2) Option {
	c = Copying(c)
	return func(h *Handler) { h.forced = c }
}

// ours is the type of gRPC's codec for protocol buffers, which copies.
const ours = "google.golang.org/grpc/encoding/proto"

// checkCodec returns an error if the codec that the request asks for is not known to copy.
func (h *Handler) checkCodec(c *rpc) error {
	if !h.fast || h.forced != nil || c == nil {
		return nil
	}
	codec, name := lookup(c.codec)
	if _, ok := codec.(copying); ok || h.copies[name] {
		return nil
	}
	if c.protobuf = packageOf(codec) == ours; c.protobuf {
		return nil
	}
	c.set(refused)
	return status.Errorf(codes.Internal, "scopegrpc: codec %q (%T) may send memory of the scope after its end: "+
		"register scopegrpc.Copying of it, or declare it with scopegrpc.Copies", name, codec)
}

// lookup returns what gRPC uses for requests of a content-subtype, and its name.
func lookup(subtype string) (codec any, name string) {
	if c := encoding.GetCodecV2(subtype); c != nil {
		return c, subtype
	}
	if c := encoding.GetCodec(subtype); c != nil { // of the first version
		return c, subtype
	}
	return encoding.GetCodecV2(proto.Name), proto.Name
}

// checkMessage returns an error if v is not for gRPC's own codec, though that is what the
// server uses unless it forces another, which gRPC does not tell.
func (h *Handler) checkMessage(c *rpc, v any) error {
	if c == nil || !c.protobuf {
		return nil
	}
	switch v.(type) {
	case nil, protoadapt.MessageV1, protoadapt.MessageV2, *grpc.PreparedMsg:
		return nil
	}
	c.set(refused)
	return status.Errorf(codes.Internal, "scopegrpc: %T is not for the codec %q: the server forces one that may send "+
		"memory of the scope after its end; give it to scopegrpc.ForceCodec", v, proto.Name)
}

// A checkedStream checks what it sends.
type checkedStream struct {
	grpc.ServerStream
	handler *Handler
	rpc     *rpc
}

func (s *checkedStream) SendMsg(m any) error {
	if err := s.handler.checkMessage(s.rpc, m); err != nil {
		return err
	}
	return s.ServerStream.SendMsg(m)
}

func packageOf(v any) string {
	t := reflect.TypeOf(v)
	if t == nil {
		return ""
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath()
}

// subtype returns the content-subtype of a request, as gRPC finds its codec by it: "json"
// for application/grpc+json, and "proto" if there is none.
func subtype(header metadata.MD) string {
	const base = "application/grpc"
	for _, value := range header.Get("content-type") {
		if rest, ok := strings.CutPrefix(strings.ToLower(value), base); ok && len(rest) > 1 {
			return rest[1:] // behind "+" or ";"
		}
	}
	return proto.Name
}

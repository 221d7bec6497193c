package scopegrpc_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/types/known/wrapperspb"

	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
)

// aliasing is a codec that sends the memory of the message.
type aliasing struct{ name string }

func (c aliasing) Name() string { return c.name }

func (c aliasing) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*message)
	if !ok {
		return nil, errors.New("not bytes")
	}
	return mem.BufferSlice{mem.SliceBuffer(m.Value)}, nil
}

func (c aliasing) Unmarshal(data mem.BufferSlice, v any) error {
	v.(*message).Value = data.Materialize()
	return nil
}

// plain is a type that is no protocol buffer, for a codec that a server forces.
type plain struct{ bytes []byte }

type forced struct{ aliasing }

func (c forced) Marshal(v any) (mem.BufferSlice, error) {
	if p, ok := v.(plain); ok {
		return mem.BufferSlice{mem.SliceBuffer(p.bytes)}, nil
	}
	return c.aliasing.Marshal(v)
}

// old is a codec of the first version.
type old struct{ aliasing }

func (c old) Marshal(v any) ([]byte, error)      { return v.(*message).Value, nil }
func (c old) Unmarshal(data []byte, v any) error { v.(*message).Value = data; return nil }

func init() {
	encoding.RegisterCodecV2(aliasing{"alias"})
	encoding.RegisterCodecV2(scopegrpc.Copying(aliasing{"copied"}))
	encoding.RegisterCodec(old{aliasing{"old"}})
}

func subtype(name string) grpc.CallOption { return grpc.CallContentSubtype(name) }

// large replies are still being sent when their RPC has ended.
var large = []uint64{3 << 20}

func TestAliasingCodec(t *testing.T) {
	t.Run("isolated", func(t *testing.T) {
		h := scopegrpc.New()
		conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
		assert.Zero(t, load(t, conn, requests(200), false, large, subtype("alias")))
	})
	t.Run("refused", func(t *testing.T) {
		for _, name := range []string{"alias", "old"} {
			h := scopegrpc.New(scopegrpc.Fast())
			called := false
			conn := serve(t, &service{
				unary: func(ctx context.Context, in *message) (*message, error) {
					called = true
					return fill(ctx, in)
				},
				stream: func(stream) error { called = true; return nil },
			}, h.ServerOptions()...)
			err := conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message), subtype(name))
			assert.Equal(t, codes.Internal, codeOf(t, err))
			assert.ErrorContains(t, err, `codec "`+name+`"`)
			assert.ErrorContains(t, err, "scopegrpc.Copying")
			s, err := conn.NewStream(t.Context(), &description.Streams[0], streamMethod, subtype(name))
			require.NoError(t, err)
			assert.Equal(t, codes.Internal, codeOf(t, s.RecvMsg(new(message))))
			ended(t, h)
			assert.False(t, called)
			assert.Equal(t, uint64(2), h.Outcomes()["codec"])
		}
	})
	t.Run("copying", func(t *testing.T) {
		h := scopegrpc.New(scopegrpc.Fast())
		conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
		assert.Zero(t, load(t, conn, requests(200), false, large, subtype("copied")))
		assert.Zero(t, load(t, conn, requests(5000), false, mixed, subtype("copied")))
	})
	t.Run("forced", func(t *testing.T) {
		h := scopegrpc.New(scopegrpc.Fast(), scopegrpc.ForceCodec(aliasing{"forced"}))
		conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
		assert.Zero(t, load(t, conn, requests(200), false, large, subtype("alias")))
	})
	t.Run("unknown names are gRPC's own", func(t *testing.T) {
		h := scopegrpc.New(scopegrpc.Fast())
		conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
		err := conn.Invoke(t.Context(), unaryMethod, request(1, 8), new(message), grpc.ForceCodecV2(named{encoding.GetCodecV2("proto"), "nosuch"}))
		assert.NoError(t, err)
	})
	t.Run("declared falsely", func(t *testing.T) { // so the tests above find what they are to find
		if testenv.Slow() {
			t.Skip("the race detector reports the race, and guard mode stops at it")
		}
		h := scopegrpc.New(scopegrpc.Fast(), scopegrpc.Copies("Alias"))
		conn := serve(t, &service{unary: fill}, h.ServerOptions()...)
		assert.Positive(t, load(t, conn, 50_000, true, large, subtype("alias")))
	})
}

// named is a codec under another name.
type named struct {
	encoding.CodecV2
	name string
}

func (c named) Name() string { return c.name }

// TestForcedCodec: a codec that is forced behind the handler's back is found by the types
// of its messages.
func TestForcedCodec(t *testing.T) {
	h := scopegrpc.New(scopegrpc.Fast())
	desc := grpc.ServiceDesc{
		ServiceName: "test.Plain", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Unary", Handler: func(_ any, ctx context.Context, decode func(any) error, i grpc.UnaryServerInterceptor) (any, error) {
			in := new(message)
			if err := decode(in); err != nil {
				return nil, err
			}
			return i(ctx, in, nil, func(ctx context.Context, _ any) (any, error) { return plain{[]byte("plain")}, nil })
		}}},
		Streams: []grpc.StreamDesc{{StreamName: "Stream", ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
			return s.SendMsg(plain{[]byte("plain")})
		}}},
	}
	opts := append(h.ServerOptions(), grpc.ForceServerCodecV2(forced{aliasing{"forced"}}))
	conn := serveService(t, &desc, nil, opts...)
	err := conn.Invoke(t.Context(), "/test.Plain/Unary", wrapperspb.Bytes(nil), new(message))
	assert.Equal(t, codes.Internal, codeOf(t, err))
	assert.ErrorContains(t, err, "scopegrpc_test.plain is not for the codec")
	s, err := conn.NewStream(t.Context(), &desc.Streams[0], "/test.Plain/Stream")
	require.NoError(t, err)
	err = s.RecvMsg(new(message))
	assert.Equal(t, codes.Internal, codeOf(t, err))
	assert.ErrorContains(t, err, "scopegrpc.ForceCodec")
	ended(t, h)
	assert.Equal(t, uint64(2), h.Outcomes()["codec"])
}

func TestCopying(t *testing.T) {
	c := scopegrpc.Copying(aliasing{"x"})
	assert.Equal(t, "x", c.Name())
	assert.Equal(t, c, scopegrpc.Copying(c))
	for _, size := range []int{0, 1, 1 << 10, 1<<10 + 1, 1 << 20} {
		in := make([]byte, size)
		write(in, 7)
		data, err := c.Marshal(wrapperspb.Bytes(in))
		require.NoError(t, err)
		write(in, 8)
		out := data.Materialize()
		assert.Len(t, out, size)
		want := make([]byte, size)
		write(want, 7)
		assert.True(t, bytes.Equal(want, out))
		data.Free()
	}
	_, err := c.Marshal(7)
	assert.Error(t, err)
	assert.Panics(t, func() { scopegrpc.Copying(nil) })
}

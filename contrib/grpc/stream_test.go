package scopegrpc_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/allocarrays/allocarrays-go/bumper"
	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// echo sends n messages that ask for 64 KiB each, and checks the replies.
func echo(t *testing.T, conn *grpc.ClientConn, n int) error {
	t.Helper()
	s, err := conn.NewStream(t.Context(), &description.Streams[0], streamMethod)
	require.NoError(t, err)
	for i := range n {
		if err := s.SendMsg(request(uint64(i), 64<<10)); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		reply := new(message)
		if err := s.RecvMsg(reply); err != nil {
			return err
		}
		assert.False(t, foreign(reply.Value, uint64(i)))
	}
	require.NoError(t, s.CloseSend())
	if err := s.RecvMsg(new(message)); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// loop is a stream's handler as many are.
func loop(s stream) error {
	for {
		in, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		out, err := fill(s.Context(), in)
		if err != nil {
			return err
		}
		if err := s.Send(out); err != nil {
			return err
		}
	}
}

func each(s stream) error {
	return scopegrpc.Each(s, func(ctx context.Context, in *message) error {
		out, err := fill(ctx, in)
		if err != nil {
			return err
		}
		return s.Send(out)
	})
}

// TestStreams: a stream holds the memory of all its messages, unless each has a scope.
func TestStreams(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler func(stream) error
		opts    []scopegrpc.Option
		code    codes.Code
	}{
		{"as long as the stream", loop, nil, codes.ResourceExhausted},
		{"Each", each, nil, codes.OK},
		{"PerMessage", loop, []scopegrpc.Option{scopegrpc.PerMessage()}, codes.OK},
		{"both", each, []scopegrpc.Option{scopegrpc.PerMessage()}, codes.OK},
	} {
		t.Run(c.name, func(t *testing.T) {
			buf := locked.Share(bumper.NewSlabBuffer(bumper.Limit(1 << 20)))
			h := scopegrpc.New(append(c.opts, scopegrpc.Buffer(buf), scopegrpc.Fast())...)
			conn := serve(t, &service{stream: c.handler}, h.ServerOptions()...)
			err := echo(t, conn, 100)
			if c.code == codes.OK {
				assert.NoError(t, err)
				assert.LessOrEqual(t, buf.Stats().PeakRegion, 100<<10)
			} else {
				assert.Equal(t, c.code, codeOf(t, err))
			}
			ended(t, h)
			assert.Zero(t, buf.Stats().Used)
			assert.Zero(t, buf.Stats().Late)
		})
	}
}

// TestEachError: Each passes errors on, io.EOF of the function too.
func TestEachError(t *testing.T) {
	for _, want := range []error{errors.New("no"), io.EOF} {
		var got error
		h := scopegrpc.New()
		conn := serve(t, &service{stream: func(s stream) error {
			got = scopegrpc.Each(s, func(context.Context, *message) error { return want })
			return got
		}}, h.ServerOptions()...)
		assert.Error(t, echo(t, conn, 1))
		ended(t, h)
		assert.Equal(t, want, got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	received, got := make(chan struct{}), make(chan error, 1)
	conn := serve(t, &service{stream: func(s stream) error {
		err := scopegrpc.Each(s, func(context.Context, *message) error { close(received); return nil })
		got <- err
		return err
	}})
	s, err := conn.NewStream(ctx, &description.Streams[0], streamMethod)
	require.NoError(t, err)
	require.NoError(t, s.SendMsg(request(1, 8)))
	<-received
	cancel()
	assert.Equal(t, codes.Canceled, codeOf(t, <-got))
}

// TestPerMessage: each message has a context of its own, which ends with the next; one
// taken before the first message belongs to the stream.
func TestPerMessage(t *testing.T) {
	h := scopegrpc.New(scopegrpc.Fast(), scopegrpc.PerMessage())
	var first, second, whole scope.Stamp
	conn := serve(t, &service{stream: func(s stream) error {
		stamp := func(ctx context.Context) scope.Stamp {
			_, stamp, err := scope.Alloc[byte](ctx, 8)
			assert.NoError(t, err)
			return stamp
		}
		before := s.Context()
		whole = stamp(before)
		in, err := s.Recv()
		if err != nil {
			return err
		}
		kept := s.Context()
		first = stamp(kept)
		assert.True(t, first.Live())
		if err := s.Send(in); err != nil {
			return err
		}
		if _, err := s.Recv(); err != nil {
			return err
		}
		assert.False(t, first.Live())
		assert.Equal(t, scope.Stamp{}, stamp(kept), "of the heap")
		second = stamp(s.Context())
		assert.Equal(t, whole, stamp(before))
		if err := s.Send(in); err != nil {
			return err
		}
		_, err = s.Recv()
		assert.ErrorIs(t, err, io.EOF)
		assert.False(t, second.Live())
		assert.Equal(t, scope.Stamp{}, stamp(s.Context()), "nothing was received")
		return nil
	}}, h.ServerOptions()...)
	s, err := conn.NewStream(t.Context(), &description.Streams[0], streamMethod)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, s.SendMsg(request(1, 8)))
		require.NoError(t, s.RecvMsg(new(message)))
	}
	require.NoError(t, s.CloseSend())
	assert.ErrorIs(t, s.RecvMsg(new(message)), io.EOF)
	ended(t, h)
	assert.False(t, whole.Live())
	assert.Equal(t, uint64(2), shared(t, h).Stats().Late)
}

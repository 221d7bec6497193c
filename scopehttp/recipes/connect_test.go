package recipes_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// connectServer: connect encodes the reply before ServeHTTP returns, so replies may have scope
// memory in them.
func connectServer(opts ...scopehttp.Option) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/fill", connect.NewUnaryHandler("/fill", fillReply,
		connect.WithRecover(func(_ context.Context, _ connect.Spec, _ http.Header, v any) error {
			if err, ok := v.(error); ok && errors.Is(err, scope.ErrExhausted) {
				return connect.NewError(connect.CodeResourceExhausted, err)
			}
			panic(v)
		})))
	return scopehttp.Middleware(opts...)(mux)
}

func fillReply(ctx context.Context, r *connect.Request[wrapperspb.StringValue]) (*connect.Response[wrapperspb.BytesValue], error) {
	answer, err := filled(ctx, r.Msg.Value, r.Header().Get("X-N"))
	if err != nil {
		panic(err) // as scope.Make does
	}
	return connect.NewResponse(wrapperspb.Bytes(answer)), nil
}

// TestConnect: replies that alias scope memory, by all three protocols, have no byte of
// another.
func TestConnect(t *testing.T) {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(8 << 20)))
	s := httptest.NewUnstartedServer(connectServer(scopehttp.Buffer(shared), scopehttp.Fast()))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	for name, opts := range map[string][]connect.ClientOption{
		"connect": nil, "grpc": {connect.WithGRPC()}, "grpcweb": {connect.WithGRPCWeb()}, "json": {connect.WithProtoJSON()},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect.NewClient[wrapperspb.StringValue, wrapperspb.BytesValue](s.Client(), s.URL+"/fill", opts...)
			call := func(id, n int) ([]byte, error) {
				r := connect.NewRequest(wrapperspb.String(strconv.Itoa(id)))
				r.Header().Set("X-N", strconv.Itoa(n))
				reply, err := c.CallUnary(t.Context(), r)
				if err != nil {
					return nil, err
				}
				return reply.Msg.Value, nil
			}
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					for j := range 50 {
						id := i*1000 + j + 1
						body, err := call(id, 4096<<(j%4))
						if err != nil || len(body) != 4096<<(j%4) || others(body, id) > 0 {
							t.Errorf("%d bytes, %d of others: %v", len(body), others(body, id), err)
						}
					}
				})
			}
			wg.Wait()
			_, err := call(1, 10_000_000)
			require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err))
		})
	}
	require.Zero(t, shared.Stats().Open)
}

package scopegrpc_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/trace"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	scopegrpc "github.com/allocarrays/allocarrays-go/contrib/grpc"
	"github.com/allocarrays/allocarrays-go/internal/testenv"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestTracing: the log of grpc.EnableTracing renders replies long after their RPCs. In an
// isolating buffer each is still its own; with Fast it may be another's, as documented.
func TestTracing(t *testing.T) {
	grpc.EnableTracing = true
	t.Cleanup(func() { grpc.EnableTracing = false })
	for _, c := range []struct {
		first, second string
		opts          []scopegrpc.Option
		own           bool
	}{{"a", "b", nil, true}, {"x", "y", []scopegrpc.Option{scopegrpc.Fast()}, false}} {
		t.Run(fmt.Sprintf("own=%t", c.own), func(t *testing.T) {
			if !c.own && testenv.Slow() {
				t.Skip("the race detector reports the race, and guard mode stops at it")
			}
			h := scopegrpc.New(c.opts...)
			conn := serve(t, &service{unary: func(ctx context.Context, in *message) (*message, error) {
				out := scope.Make[byte](ctx, 20)
				copy(out, bytes.Repeat(in.Value, 20))
				return wrapperspb.Bytes(out), nil
			}}, h.ServerOptions()...)
			for _, letter := range []string{c.first, c.second} {
				require.NoError(t, conn.Invoke(t.Context(), unaryMethod, wrapperspb.Bytes([]byte(letter)), new(message)))
				ended(t, h)
			}
			page := httptest.NewRecorder()
			trace.Render(page, httptest.NewRequest("GET", "/?fam=grpc.Recv.test.Service&b=0&exp=1", nil), true)
			assert.Equal(t, c.own, strings.Contains(page.Body.String(), strings.Repeat(c.first, 20)))
			assert.Contains(t, page.Body.String(), strings.Repeat(c.second, 20))
		})
	}
}

package load_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bytes"

	"github.com/allocarrays/allocarrays-go/bench/internal/load"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/server"
)

// requests returns different images for each client and the answers of a service.
func requests(t *testing.T, s server.Service, n int) []load.Request {
	t.Helper()
	all := make([]load.Request, n)
	for i := range all {
		body := server.Images(i, 3)
		var answer bytes.Buffer
		require.NoError(t, s.Answer(context.Background(), bytes.NewReader(body), len(body), &answer))
		all[i] = load.Request{Body: body, Answer: answer.Bytes()}
	}
	return all
}

func TestVariantsAnswerAlikeUnderLoad(t *testing.T) {
	reference, err := server.New(server.Heap)
	require.NoError(t, err)
	all := requests(t, reference, 8)
	require.NotEqual(t, all[0].Answer, all[1].Answer)
	for _, variant := range []string{server.Heap, server.Pool, server.Request, server.Locked} {
		t.Run(variant, func(t *testing.T) {
			service, err := server.New(variant)
			require.NoError(t, err)
			s := httptest.NewServer(server.Handler(service))
			defer s.Close()
			took, err := load.Run(t.Context(), strings.TrimPrefix(s.URL, "http://"), all, 60*time.Millisecond)
			require.NoError(t, err)
			require.NotEmpty(t, took)
			require.LessOrEqual(t, took.Quantile(0.5), took.Quantile(0.99))
		})
	}
}

func TestUnknownVariant(t *testing.T) {
	_, err := server.New("none")
	require.ErrorContains(t, err, `"none"`)
}

func TestBadRequests(t *testing.T) {
	service, err := server.New(server.Locked)
	require.NoError(t, err)
	for _, body := range []string{"", "short", strings.Repeat("x", 65*model.In)} {
		w := httptest.NewRecorder()
		server.Handler(service).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
		require.Equal(t, http.StatusBadRequest, w.Code)
	}
}

func answering(t *testing.T, status int, answer string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestWrongAnswersAreErrors(t *testing.T) {
	right := []load.Request{{Body: []byte("?"), Answer: []byte("yes")}}
	tests := []struct {
		name, answer, want string
		status             int
	}{
		{"content", "no!", `answer "no!", want "yes"`, 200},
		{"length", "no", "answer of 2 bytes, want 3", 200},
		{"status", "yes", "500", 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load.Run(t.Context(), answering(t, tt.status, tt.answer), right, time.Second)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := load.Run(ctx, answering(t, 200, "yes"), []load.Request{{Answer: []byte("yes")}}, time.Minute)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestNobodyListens(t *testing.T) {
	_, err := load.Run(t.Context(), "127.0.0.1:1", make([]load.Request, 1), time.Second)
	require.Error(t, err)
	require.False(t, errors.Is(err, context.Canceled))
}

func TestQuantile(t *testing.T) {
	l := load.Latencies{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	require.Equal(t, time.Duration(6), l.Quantile(0.5))
	require.Equal(t, time.Duration(10), l.Quantile(0.999))
	require.Zero(t, load.Latencies(nil).Quantile(0.5))
}

package browsertest

import (
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"
)

// TestMetricsLint: Prometheus' own linter has nothing to say. It needs no browser.
func TestMetricsLint(t *testing.T) {
	p := serve(t)
	resp, err := http.Get(p.url + "metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	problems, err := promlint.New(resp.Body).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	o, err := parse(nil)
	require.NoError(t, err)
	require.Equal(t, allNames(), namesOf(o))
	require.GreaterOrEqual(t, o.rounds, 10)

	o, err = parse([]string{"-case", "server,mlp", "-rounds", "3"})
	require.NoError(t, err)
	require.Equal(t, []string{"server", "mlp"}, namesOf(o))
	require.Equal(t, 3, o.rounds)
}

func namesOf(o options) (names []string) {
	for _, c := range o.cases {
		names = append(names, c.Name)
	}
	return names
}

func TestParseErrors(t *testing.T) {
	for _, args := range [][]string{{"-case", "nothing"}, {"-rounds", "0"}, {"more"}} {
		_, err := parse(args)
		require.ErrorContains(t, err, "compare: ", args)
	}
}

func TestForgetTuning(t *testing.T) {
	t.Setenv("OPENBLAS_CORETYPE", "Haswell")
	t.Setenv("OMP_NUM_THREADS", "2")
	t.Setenv("ALLOCARRAYS_KERNEL", "avx2")
	forgetTuning()
	_, ok := os.LookupEnv("OPENBLAS_CORETYPE")
	require.False(t, ok)
	_, ok = os.LookupEnv("OMP_NUM_THREADS")
	require.False(t, ok)
	require.Equal(t, "avx2", os.Getenv("ALLOCARRAYS_KERNEL"), "not a peer's")
}

func TestPlaces(t *testing.T) {
	tests := []struct {
		name          string
		o             options
		complete      bool
		results, docs string
	}{
		{"complete run", options{}, true, "/m/bench/results.json", "/m/docs"},
		{"some cases", options{some: true}, true, "", ""},
		{"interrupted", options{}, false, "", ""},
		{"some cases, told where", options{some: true, out: "o"}, true, "o/results.json", "o"},
		{"interrupted, told where", options{out: "o"}, false, "o/results.json", "o"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			results, docs := tt.o.places(filepath.FromSlash("/m/bench"), tt.complete)
			require.Equal(t, tt.results, filepath.ToSlash(results))
			require.Equal(t, tt.docs, filepath.ToSlash(docs))
		})
	}
}

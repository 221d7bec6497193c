package meter_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/meter"
	"github.com/allocarrays/allocarrays-go/scope"
)

// TestOneLimitOfManyMeters: meters around one another that have a limit in common charge it
// once, however many there are.
func TestOneLimitOfManyMeters(t *testing.T) {
	l := meter.NewLimit(nil, "tenant", 1<<20)
	var a scope.Allocator = locked.Share(bumper.NewSlabBuffer())
	for range 4 {
		a = meter.New(a, meter.Within(l))
		require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), a), func(ctx context.Context) error {
			return scope.NoEscape(ctx, func(ctx context.Context) error {
				scope.Make[byte](ctx, 900_000)
				require.Less(t, used(l)[0], 1<<20)
				return nil
			})
		}))
		require.Equal(t, []int{0}, used(l))
	}
}

// TestFallbackWithinAMeter: what an inner meter serves after all is served, and no outer
// one hears of a failure.
func TestFallbackWithinAMeter(t *testing.T) {
	l := meter.NewLimit(nil, "tenant", 1000)
	inner := meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Within(l), meter.Fallback())
	asked := 0
	outer := meter.New(inner, meter.OnExhausted(func(meter.Request) bool { asked++; return false }))
	require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), outer), func(ctx context.Context) error {
		require.Len(t, scope.Make[byte](ctx, 5000), 5000)
		return nil
	}))
	require.EqualValues(t, 1, inner.Stats().HeapBlocks)
	require.Zero(t, outer.Stats().Refused)
	require.Zero(t, asked)
}

// TestLogOfAsLong: a scope that takes exactly as long as is slow is slow.
func TestLogOfAsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		m := meter.New(locked.Share(bumper.NewSlabBuffer()), meter.Log(log, time.Minute, 0))
		for _, took := range []time.Duration{time.Minute - 1, time.Minute, time.Minute + 1} {
			require.NoError(t, scope.NoEscape(scope.WithAllocator(t.Context(), m), func(context.Context) error {
				time.Sleep(took)
				return nil
			}))
		}
		require.Equal(t, 2, strings.Count(out.String(), "\n"), out.String())
	})
}

package replay_test

import (
	"context"
	"fmt"

	"github.com/allocarrays/allocarrays-go/allocarray"
	"github.com/allocarrays/allocarrays-go/plan/replay"
	"github.com/allocarrays/allocarrays-go/scope"
)

func Example() {
	buf := replay.New()
	ctx := scope.WithAllocator(context.Background(), buf)
	for range 10 {
		_ = scope.NoEscape(ctx, func(ctx context.Context) error {
			x := allocarray.New[float32](ctx, 1024)
			for range 50 { // layers
				y := allocarray.Exp(ctx, x)
				x.Release(ctx)
				x = y
			}
			return nil
		})
	}
	for _, s := range buf.Plans().Scopes() {
		fmt.Println(s.Runs, "runs,", s.Replays, "replayed:", s.Recordings[0])
	}
	// Output:
	// 9 runs, 9 replayed: 51 blocks in 8192 bytes (bound 8192, best fit 8192, bump 208896)
}

package scopeprof_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/allocarrays/allocarrays-go/bumper"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scope/scopeprof"
)

// A file that "go tool pprof" reads: who allocates in the scopes of a buffer.
func ExampleProfile() {
	profile := scopeprof.New(scopeprof.DefaultRate)
	ctx := scope.WithAllocator(context.Background(), profile.Around(bumper.NewSlabBuffer()))
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		scope.Make[float64](ctx, 100_000)
		f, err := os.Create(filepath.Join(os.TempDir(), "scopes.pb.gz"))
		if err != nil {
			return err
		}
		defer os.Remove(f.Name())
		defer f.Close()
		fmt.Println(profile.Write(f))
		return nil
	})
	// Output: <nil>
}

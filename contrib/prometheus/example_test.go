package scopeprom_test

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/allocarrays/allocarrays-go/bumper"
	scopeprom "github.com/allocarrays/allocarrays-go/contrib/prometheus"
	"github.com/allocarrays/allocarrays-go/locked"
	"github.com/allocarrays/allocarrays-go/scope"
)

// A registry with the metrics of one buffer. With promhttp.HandlerFor(registry, …) a server
// shows them at the path it chooses.
func Example() {
	shared := locked.Share(bumper.NewSlabBuffer(bumper.Limit(64 << 20)))
	registry := prometheus.NewRegistry()
	registry.MustRegister(scopeprom.New(
		scopeprom.Process(),
		scopeprom.Buffer("inference", shared),
	))

	ctx := scope.WithAllocator(context.Background(), shared)
	_ = scope.NoEscape(ctx, func(ctx context.Context) error {
		scope.Make[float64](ctx, 100<<20) // more than there is
		return nil
	})
	families, _ := registry.Gather()
	for _, f := range families {
		if f.GetName() == "allocarrays_exhausted_total" || f.GetName() == "allocarrays_buffer_limit_bytes" {
			fmt.Println(f.GetName(), f.GetMetric()[0].GetGauge().GetValue()+f.GetMetric()[0].GetCounter().GetValue())
		}
	}
	// Output:
	// allocarrays_buffer_limit_bytes 6.7108864e+07
	// allocarrays_exhausted_total 1
}

// The counts of a server are those of its Handler: of contrib/grpc, or any that has the
// methods.
func ExampleScopes() {
	var handler scopeprom.Server = server{"ok": 3, "exhausted": 1}
	registry := prometheus.NewRegistry()
	registry.MustRegister(scopeprom.New(scopeprom.Scopes("rpc", handler)))
	families, _ := registry.Gather()
	for _, f := range families {
		if f.GetName() == "allocarrays_scopes_total" {
			for _, m := range f.GetMetric() {
				fmt.Println(m.GetLabel()[0].GetValue(), m.GetCounter().GetValue())
			}
		}
	}
	// Output:
	// exhausted 1
	// ok 3
}

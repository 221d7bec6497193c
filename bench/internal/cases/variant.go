package cases

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/load"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/server"
)

// variant is a server and what was measured of it.
type variant struct {
	name, kind, path string // path is that of the program
	client           *peer.Client
	err              error
	values           map[string][]float64
}

// variants returns all variants, with the programs that they are of.
func (e *Env) variants(ctx context.Context) []variant {
	plain, err := e.Peers.Build(ctx, peer.Spec{Package: "./cmd/peer-server"})
	free, freeErr := e.Peers.Build(ctx, peer.Spec{Package: "./cmd/peer-server", Program: "peer-server-freegc", BuildEnv: freegc})
	return []variant{
		{name: lockedName, kind: server.Locked, path: plain, err: err},
		{name: requestName, kind: server.Request, path: plain, err: err},
		{name: heapName, kind: server.Heap, path: plain, err: err},
		{name: freePeer, kind: server.Heap, path: free, err: freeErr},
		{name: poolName, kind: server.Pool, path: plain, err: err},
	}
}

// turn loads the server once.
func (v *variant) turn(ctx context.Context, requests []load.Request) error {
	if _, err := load.Run(ctx, v.client.Info, requests, serverWarm); err != nil {
		return err
	}
	if _, err := v.client.Ask("ok", "begin"); err != nil {
		return err
	}
	start := time.Now()
	took, err := load.Run(ctx, v.client.Info, requests, serverTurn)
	if err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	words, err := v.client.Ask("ok", "end")
	if err != nil {
		return err
	}
	return v.add(took, seconds, words)
}

// add adds what was measured in a turn.
func (v *variant) add(took load.Latencies, seconds float64, words []string) error {
	var u [4]float64 // GC, user, collections, peak
	if len(words) != len(u) {
		return fmt.Errorf("answer of %d numbers, want %d", len(words), len(u))
	}
	for i, w := range words {
		var err error
		if u[i], err = strconv.ParseFloat(w, 64); err != nil {
			return err
		}
	}
	ms := func(q float64) float64 { return float64(took.Quantile(q).Nanoseconds()) / 1e6 }
	for i, x := range []float64{
		float64(len(took)) / seconds, ms(0.5), ms(0.99), ms(0.999),
		100 * u[0] / (u[0] + u[1]), u[2] / seconds, u[3] / (1 << 20),
	} {
		name := serverMetrics[i].name
		v.values[name] = append(v.values[name], x)
	}
	return nil
}

// row returns the measurements; of an interrupted run those rounds that all
// variants completed.
func (v *variant) row(all []variant, interrupted bool) record.Row {
	row := record.Row{Name: v.name}
	if v.err != nil && (!interrupted || v.client == nil) {
		row.Absent = v.err.Error()
		return row
	}
	for _, m := range serverMetrics {
		xs := v.values[m.name]
		for _, other := range all {
			if other.client != nil && (other.err == nil || interrupted) {
				xs = xs[:min(len(xs), len(other.values[m.name]))]
			}
		}
		row.Metrics = append(row.Metrics, record.NewMetric(m.name, m.unit, xs))
	}
	return row
}

package cases

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/load"
	"github.com/allocarrays/allocarrays-go/bench/internal/model"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/server"
)

var serverCase = Case{"server", "A server under load", runServer}

const serverText = `An HTTP server on 127.0.0.1 classifies 16 images per request: bytes to float32, each image
normalised, four variants of its contrast, the MLP, averages, the best class. 64 clients, each
on a connection of its own, send the next request as soon as the last is answered, on the same
cores. *heap*, *request* (a SlabBuffer for each request, from a free list) and *locked* (one
locked buffer for all) are one piece of code with another allocator in the context; *sync.Pool*
is written by hand: the same kernels in place on a pooled workspace. Every answer is checked.
Each variant is a process of its own; all take their turn in each round. GC share is
the collector's CPU time without idle time, as part of it and the program's, from
runtime/metrics (without the collections that reading it takes); peak RSS is VmHWM of the round.`

const (
	clients       = 64
	imagesEach    = 16
	serverTurn    = 800 * time.Millisecond
	serverWarm    = 100 * time.Millisecond
	poolName      = "sync.Pool"
	lockedName    = "locked"
	requestName   = "request"
	heapName      = "heap"
	gcShareMetric = "GC share"
)

// settings are the environments in which the variants are compared.
var settings = []struct {
	name string
	env  []string
}{
	{"GOGC=100", []string{"GOGC=100", "GOMEMLIMIT=off"}},
	{"GOGC=off, GOMEMLIMIT=64MiB", []string{"GOGC=off", "GOMEMLIMIT=64MiB"}},
}

func runServer(ctx context.Context, e *Env) (record.Case, error) {
	c := record.Case{Text: serverText}
	path, err := e.Peers.Build(ctx, peer.Spec{Package: "./cmd/peer-server"})
	if err != nil {
		return c, err
	}
	requests, err := newRequests()
	for _, s := range settings {
		if err != nil {
			break
		}
		var g record.Group
		g, err = e.serverGroup(ctx, s.name, path, s.env, requests)
		c.Groups = append(c.Groups, g)
		c.Tables = append(c.Tables, serverTable(g), serverRatios(g))
		c.Bars = append(c.Bars, serverBars(&g)...)
	}
	c.Notes = absences(c.Groups)
	c.Charts = []record.Chart{
		bars("performance-server-p99.svg", "Server, 64 clients: 99th percentile of latency", "ms — lower is better", "p99", c.Groups, ofValue),
		bars("performance-server-gc.svg", "Server, 64 clients: the collector's share of CPU time", "% — lower is better", gcShareMetric, c.Groups, ofValue),
	}
	return c, err
}

// newRequests returns different images for each client, and the right answers.
func newRequests() ([]load.Request, error) {
	reference, err := server.New(server.Heap)
	requests := make([]load.Request, clients)
	for i := range requests {
		body := make([]byte, imagesEach*model.In)
		for j, v := range model.Random(uint64(100+i), len(body), 50) {
			body[j] = byte(int(min(max(v+100, 0), 255)))
		}
		var answer bytes.Buffer
		if err == nil {
			err = reference.Answer(context.Background(), io.Reader(bytes.NewReader(body)), len(body), &answer)
		}
		requests[i] = load.Request{Body: body, Answer: answer.Bytes()}
	}
	return requests, err
}

// variant is a running server and what was measured of it.
type variant struct {
	name   string
	client *peer.Client
	err    error
	values map[string][]float64
}

// serverMetrics are the columns of the tables.
var serverMetrics = []struct{ name, unit string }{
	{"throughput", "requests/s"}, {"p50", "ms"}, {"p99", "ms"}, {"p99.9", "ms"},
	{gcShareMetric, "%"}, {"GCs", "1/s"}, {"peak RSS", "MiB"},
}

func (e *Env) serverGroup(ctx context.Context, name, path string, env []string, requests []load.Request) (record.Group, error) {
	if e.Report != nil {
		e.Report(name)
	}
	g := record.Group{Name: name, Base: lockedName}
	var variants []*variant
	for _, v := range []struct{ name, kind string }{
		{lockedName, server.Locked}, {requestName, server.Request}, {heapName, server.Heap}, {poolName, server.Pool},
	} {
		c, err := peer.Start(ctx, path, []string{v.kind}, env)
		variants = append(variants, &variant{v.name, c, err, map[string][]float64{}})
		if err == nil {
			defer c.Close()
		}
	}
	var err error
	for r := 0; r < e.Rounds && err == nil; r++ {
		for k := range variants {
			v := variants[(r+k)%len(variants)]
			if v.err == nil && ctx.Err() == nil {
				v.err = v.turn(ctx, requests)
			}
		}
		err = ctx.Err()
	}
	for _, v := range variants {
		g.Rows = append(g.Rows, v.row(variants, ctx.Err() != nil))
	}
	g.Relate()
	return g, err
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
func (v *variant) row(all []*variant, interrupted bool) record.Row {
	row := record.Row{Name: v.name}
	if v.err != nil && !interrupted {
		row.Absent = v.err.Error()
		return row
	}
	for _, m := range serverMetrics {
		xs := v.values[m.name]
		for _, other := range all {
			if other.err == nil || interrupted {
				xs = xs[:min(len(xs), len(other.values[m.name]))]
			}
		}
		row.Metrics = append(row.Metrics, record.NewMetric(m.name, m.unit, xs))
	}
	return row
}

func serverTable(g record.Group) record.Table {
	t := record.Table{Title: g.Name + ": medians over the rounds", Head: []string{""}}
	for _, m := range serverMetrics {
		t.Head = append(t.Head, m.name+", "+m.unit)
	}
	for _, r := range g.Rows {
		line := []string{r.Name}
		for _, m := range serverMetrics {
			line = append(line, cellOf(&r, m.name, countCell))
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

func serverRatios(g record.Group) record.Table {
	t := serverTable(g)
	t.Title = g.Name + ": relative to one locked buffer, round by round"
	for i, r := range g.Rows {
		for j, m := range serverMetrics {
			t.Head[j+1], t.Rows[i][j+1] = m.name, cellOf(&r, m.name, ratioCell)
		}
	}
	return t
}

func serverBars(g *record.Group) (b []record.Bar) {
	for _, other := range []string{heapName, poolName} {
		prefix := fmt.Sprintf("Server (%s), one locked buffer against %s: ", g.Name, other)
		p99, _ := g.Ratios("p99", lockedName, other)
		throughput, _ := g.Ratios("throughput", lockedName, other)
		b = append(b, record.Below(prefix+"p99, ratio", 1, p99, "not run"),
			record.AtMost(prefix+"GC share of CPU, difference in percentage points", 0, shareDifference(g, other), "not run"),
			record.AtLeast(prefix+"throughput, ratio", 1, throughput, "not run"))
	}
	return b
}

// shareDifference is a difference and not a ratio because shares may be zero.
func shareDifference(g *record.Group, other string) (d []float64) {
	ours, theirs := g.Row(lockedName).Metric(gcShareMetric), g.Row(other).Metric(gcShareMetric)
	if ours == nil || theirs == nil || len(ours.Samples) != len(theirs.Samples) {
		return nil
	}
	for i, s := range ours.Samples {
		d = append(d, s-theirs.Samples[i])
	}
	return d
}

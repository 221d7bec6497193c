package cases

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/load"
	"github.com/allocarrays/allocarrays-go/bench/internal/peer"
	"github.com/allocarrays/allocarrays-go/bench/internal/record"
	"github.com/allocarrays/allocarrays-go/bench/internal/server"
)

var serverCase = Case{Name: "server", Title: "A server under load", run: runServer}

const serverText = `An HTTP server on 127.0.0.1 classifies 16 images per request: bytes to float32, each image
normalised, four variants of its contrast, the MLP, averages, the best class. 64 clients, each
on a connection of its own, send the next request as soon as the last is answered, on the same
cores. *heap*, *heap, runtimefreegc* (the same program built with
GOEXPERIMENT=runtimefreegc,sizespecializedmalloc, golang/go#74299), *request* (a SlabBuffer for each request, from a free list) and *locked* (one
locked buffer for all) are one piece of code with another allocator in the context; *sync.Pool*
is written by hand: the same kernels in place on a pooled workspace. Every answer is checked.
Each variant is a process of its own; all take their turn in each round. GC share is
the collector's CPU time without idle time, as part of it and the program's, from
runtime/metrics (without the collections that reading it takes); peak RSS is VmHWM of the round.
Most of a request's time is HTTP, the kernel's network and waiting for a core, which are the same
for all: where the quartiles of a ratio lie on both sides of 1, it says *noise*, as the rounds do
not tell the two apart. *Handler alone* is what is left without them: the handler called in a
loop on one core, by one goroutine, with GOGC=100.`

const (
	clients       = 64
	imagesEach    = server.CallImages
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
	variants := e.variants(ctx)
	requests, err := newRequests()
	for _, s := range settings {
		if err != nil {
			break
		}
		var g record.Group
		g, err = e.serverGroup(ctx, s.name, slices.Clone(variants), s.env, requests)
		c.Groups = append(c.Groups, g)
		c.Tables = append(c.Tables, serverTable(g), serverRatios(g))
		c.Bars = append(c.Bars, serverBars(&g)...)
	}
	http := slices.Clone(c.Groups)
	if err == nil {
		var g record.Group
		g, err = e.handlerGroup(ctx, requests[0].Answer)
		c.Groups, c.Tables = append(c.Groups, g), append(c.Tables, detail(g))
		c.Tables = append(c.Tables, besideHeap(http))
	}
	c.Notes = absences(c.Groups)
	c.Charts = []record.Chart{
		clusters("performance-server-p99.svg", "Server, 64 clients: 99th percentile of latency", "ms — lower is better", "p99", http, ofValue),
		clusters("performance-server-gc.svg", "Server, 64 clients: the collector's share of CPU time", "% — lower is better", gcShareMetric, http, ofValue),
	}
	return c, err
}

// newRequests returns different images for each client, and the right answers.
func newRequests() ([]load.Request, error) {
	reference, err := server.New(server.Heap)
	requests := make([]load.Request, clients)
	for i := range requests {
		body := server.Images(i, imagesEach)
		var answer bytes.Buffer
		if err == nil {
			err = reference.Answer(context.Background(), io.Reader(bytes.NewReader(body)), len(body), &answer)
		}
		requests[i] = load.Request{Body: body, Answer: answer.Bytes()}
	}
	return requests, err
}

// serverMetrics are the columns of the tables.
var serverMetrics = []struct{ name, unit string }{
	{"throughput", "requests/s"}, {"p50", "ms"}, {"p99", "ms"}, {"p99.9", "ms"},
	{gcShareMetric, "%"}, {"GCs", "1/s"}, {"peak RSS", "MiB"},
}

func (e *Env) serverGroup(ctx context.Context, name string, variants []variant, env []string, requests []load.Request) (record.Group, error) {
	if e.Report != nil {
		e.Report(name)
	}
	g := record.Group{Name: name, Base: lockedName}
	for i := range variants {
		v := &variants[i]
		v.values = map[string][]float64{}
		if v.err == nil {
			v.client, v.err = peer.Start(ctx, v.path, []string{v.kind}, env)
		}
		if v.err == nil {
			defer v.client.Close()
		}
	}
	var err error
	for r := 0; r < e.Rounds && err == nil; r++ {
		for k := range variants {
			v := &variants[(r+k)%len(variants)]
			if v.err == nil && ctx.Err() == nil {
				v.err = v.turn(ctx, requests)
			}
		}
		err = ctx.Err()
	}
	for i := range variants {
		g.Rows = append(g.Rows, variants[i].row(variants, ctx.Err() != nil))
	}
	g.Relate()
	return g, err
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
			t.Head[j+1], t.Rows[i][j+1] = m.name, cellOf(&r, m.name, noiseCell)
		}
	}
	return t
}

func serverBars(g *record.Group) (b []record.Bar) {
	for _, other := range []string{heapName, poolName} {
		prefix := fmt.Sprintf("Server (%s), one locked buffer against %s: ", g.Name, other)
		p99, _ := g.Ratios("p99", lockedName, other)
		throughput, _ := g.Ratios("throughput", lockedName, other)
		b = append(b, record.Below(prefix+"p99, ratio", 1, p99, "not run").OrNoise(),
			record.AtMost(prefix+"GC share of CPU, difference in percentage points", 0, g.Differences(gcShareMetric, lockedName, other), "not run"),
			record.AtLeast(prefix+"throughput, ratio", 1, throughput, "not run").OrNoise())
	}
	return b
}

// handlerGroup measures the handler of each variant without HTTP and clients.
func (e *Env) handlerGroup(ctx context.Context, answer []byte) (record.Group, error) {
	want := make([]float32, len(answer))
	for i, b := range answer {
		want[i] = float32(b)
	}
	child := func(name, peerName, kind string) entry { return e.child(ctx, name, peerName, "handler/"+kind, want) }
	return e.measure(ctx, record.Group{Name: "Handler alone, 16 images", Base: lockedName}, 40*time.Millisecond,
		child(lockedName, ownPeer, server.Locked), child(requestName, ownPeer, server.Request), child(heapName, ownPeer, server.Heap),
		child(freePeer, freePeer, server.Heap), child(poolName, ownPeer, server.Pool))
}

// besideHeap sets one locked buffer beside the heap with each setting of the collector:
// what the project's README quotes, with what is worse.
func besideHeap(groups []record.Group) record.Table {
	t := record.Table{Title: "One locked buffer beside the heap, medians; in parentheses the heap's relative to ours", Head: []string{""}}
	for _, g := range groups {
		t.Head = append(t.Head, g.Name+": locked", "heap")
	}
	for _, m := range serverMetrics {
		line := []string{m.name + ", " + m.unit}
		for _, g := range groups {
			heap := g.Row(heapName)
			theirs := cellOf(heap, m.name, countCell)
			if x := heap.Metric(m.name); x != nil && x.Ratio != nil && within(*x.Ratio) {
				theirs += " (noise)"
			} else if x != nil && x.Ratio != nil {
				theirs += " (" + number(x.Ratio.Median) + "×)"
			}
			line = append(line, cellOf(g.Row(lockedName), m.name, countCell), theirs)
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

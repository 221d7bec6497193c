package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/allocarrays/allocarrays-go/bench/internal/server"
	"github.com/allocarrays/allocarrays-go/scope"
	"github.com/allocarrays/allocarrays-go/scopehttp"
)

// serve is the child's part: it serves a variant and answers commands on standard input.
func serve(variant string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var (
		handler http.Handler
		srv     interface{ Serve(net.Listener) error }
		end     func()
		stats   func() scopehttp.Stats
	)
	if mode, ok := strings.CutPrefix(variant, "storm grpc-"); ok {
		s := newRPCServer(mode == "safe")
		srv, end, stats = s, s.Stop, s.stats
	} else {
		var counters scopehttp.Counters
		if handler, err = handlerOf(variant, &counters); err != nil {
			return err
		}
		s := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)} // planned panics
		srv, end, stats = s, func() { s.Close() }, counters.Stats
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	fmt.Println(listener.Addr())
	out := json.NewEncoder(os.Stdout)
	var begin server.Usage
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		switch lines.Text() {
		case "state":
			err = out.Encode(stateOf(stats))
		case "free": // state after it
			for range 2 { // the second finds what finalizers of the first let go
				debug.FreeOSMemory()
				time.Sleep(100 * time.Millisecond)
			}
			err = out.Encode(stateOf(stats))
		case "begin":
			begin = server.Begin()
			err = out.Encode(struct{}{})
		case "end":
			err = out.Encode(begin.Since())
		case "calls":
			err = out.Encode(handlerTime(handler))
		default:
			err = fmt.Errorf("no such command: %q", lines.Text())
		}
		if err != nil {
			return err
		}
	}
	end()
	<-failed
	return nil
}

// handlerOf returns the handler of a storm, or of a variant in the comparison.
func handlerOf(variant string, counters *scopehttp.Counters) (http.Handler, error) {
	switch variant {
	case "storm safe", "storm fast", "storm control":
		return stormHandler(strings.TrimPrefix(variant, "storm "), counters), nil
	case server.Heap, server.Pool:
		service, err := server.New(variant)
		return server.Handler(service), err
	case "price heap":
		return http.HandlerFunc(priceHandler), nil
	case "price safe":
		return scopehttp.Middleware()(http.HandlerFunc(priceHandler)), nil
	case "price fast":
		return scopehttp.Middleware(scopehttp.Fast())(http.HandlerFunc(priceHandler)), nil
	case "safe", "fast": // the heap's service, in the middleware
		service, err := server.New(server.Heap)
		opts := []scopehttp.Option{scopehttp.Count(counters)}
		if variant == "fast" {
			opts = append(opts, scopehttp.Fast())
		}
		return scopehttp.Middleware(opts...)(server.Handler(service)), err
	}
	return nil, fmt.Errorf("no such variant: %q", variant)
}

// state is what a child tells about itself.
type state struct {
	Resident, Goroutines int
	Leaks                uint64
	Stats                scopehttp.Stats
}

func stateOf(stats func() scopehttp.Stats) state {
	return state{Resident: resident(), Goroutines: runtime.NumGoroutine(), Leaks: scope.Leaks(), Stats: stats()}
}

// resident returns the resident memory of the process in bytes, 0 if the system does not say.
func resident() int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0
	}
	return pages * os.Getpagesize()
}

// handlerTime returns the least time of a call of the handler, without a network.
func handlerTime(h http.Handler) (least time.Duration) {
	calls := server.CallsOf(h)
	calls.Run(50)
	for range 20 {
		begin := time.Now()
		calls.Run(20)
		if took := time.Since(begin) / 20; least == 0 || took < least {
			least = took
		}
	}
	return least
}

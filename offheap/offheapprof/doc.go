// Package offheapprof writes profiles of memory outside the Go heap, which the heap
// profiles of the runtime do not contain.
//
// A profile lists the live blocks by the call stack that allocated them, and by label:
//
//	http.Handle("/debug/pprof/offheap", offheapprof.Handler(heap))
//
//	go tool pprof -top http://localhost:6060/debug/pprof/offheap
//	go tool pprof -top -tagfocus label=weights offheap.pb.gz
//	go tool pprof -tags offheap.pb.gz
//
// It has the sample types of the runtime's heap profile, inuse_objects and
// inuse_space; the tools show the second by default. It is exact: it contains every
// block, not a sample of them.
//
// The package is a module of its own, so that programs without a profile need not depend
// on github.com/google/pprof.
package offheapprof

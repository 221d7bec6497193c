// Package scopeprof writes profiles of the memory that scopes hold, by the call stack that
// allocated it. The heap profile of the runtime shows the storage of a buffer, and not who
// uses it: all of it was allocated where the buffer grew.
//
//	profile := scopeprof.New(0)
//	shared := profile.Around(locked.Share(bumper.NewSlabBuffer(bumper.Isolating())))
//	mux.Handle("/", scopehttp.Middleware(scopehttp.Buffer(shared))(service))
//	debug.Handle("/debug/pprof/scopes", profile.Handler())
//
//	go tool pprof -top http://localhost:6060/debug/pprof/scopes
//	go tool pprof -sample_index=alloc_space -top http://localhost:6060/debug/pprof/scopes
//
// It has the sample types of the runtime's heap profile. What is in use is what scopes that
// are open now have allocated; the rest counts from the start of the profile. Like the
// runtime's it is a sample, scaled to what all blocks are expected to be.
//
// Package offheap/offheapprof has the exact profile of memory outside the Go heap.
//
// The package is a module of its own, so that programs without a profile need not depend on
// github.com/google/pprof.
package scopeprof

// Package allocarrays is the map of this module; it has no code.
//
//   - scope: ask a context for memory ([scope.Make]), and say when it is released
//     ([scope.NoEscape]). Packages that compute need this one only.
//   - bumper: buffers to put into a context. Start with [bumper.NewSlabBuffer].
//   - locked: one buffer for many goroutines.
//   - allocarray: n-dimensional arrays that ask the context for memory.
//   - nn: neural network inference over these arrays.
//   - onnx: ONNX models in a scope; a module of its own.
//   - safetensors, npy: files of weights, and NumPy's.
//   - offheap: storage for buffers outside the Go heap.
//   - meter: limits, logs and traces of what scopes take, and what happens when memory runs out.
//   - plan: offsets for blocks whose lives are known, close to the least memory that holds them.
//   - plan/replay: a buffer that takes single arrays back, and learns what a scope does.
//   - contrib/arrow, contrib/gonum: Apache Arrow and gonum in a scope; modules of their own.
//   - scopehttp: a scope for each request of an HTTP server.
//   - contrib/grpc, contrib/prometheus: a scope for each RPC, and metrics; modules of their own.
//   - scopevet: finds mistakes with scopes before the program runs; a module of its own.
//   - scope/memory, scope/scopetest: to write an allocator, and to test it.
//
// The README has a program; docs/concepts.md has the ideas.
//
// [scope.Make]: https://pkg.go.dev/github.com/allocarrays/allocarrays-go/scope#Make
// [scope.NoEscape]: https://pkg.go.dev/github.com/allocarrays/allocarrays-go/scope#NoEscape
// [bumper.NewSlabBuffer]: https://pkg.go.dev/github.com/allocarrays/allocarrays-go/bumper#NewSlabBuffer
package allocarrays

// Package onnx runs ONNX models in pure Go, with memory that the caller chooses.
//
//	m, err := onnx.LoadFile("model.onnx")
//	p, err := m.Compile()
//	...
//	err = scope.NoEscape(ctx, func(ctx context.Context) error {
//		out, err := p.Run(ctx, onnx.From(pixels, 1, 3, 224, 224))
//		if err != nil {
//			return err
//		}
//		use(onnx.Data[float32](out.At(0)))
//		return nil
//	})
//
// A [Model] is a file, a [Program] a model that is ready to run: any number of goroutines may run one at the same
// time. For each combination of shapes of the inputs a program makes a plan, once: all intermediate tensors
// are packed into one piece of memory, which a run takes from the allocator of its context and gives back when
// it ends. Outputs are in the scope of that context. Nothing is allocated on the Go heap in
// steady state.
//
// # Names
//
// Inputs are given in the order of the model, or by name:
//
//	out, err := p.Run(ctx, samples, state.Named("state"), rate.Named("sr"))
//	state = out.Get("stateN")
//
// # Models
//
// Opsets 1 to 28 are known. Compile reports all nodes that are not supported at once. Damaged files, and files
// whose nodes do not fit together, are errors that say which node is wrong; they never cause a panic. Whatever a
// file says, loading it takes memory of a multiple of its size and some tens of megabytes. Compile computes
// constants of at most 8 times that size and 1 GiB, or what [Constants] says, and a plan those of at most 1 MiB and its
// share of the size; what is larger is computed in each run, with memory from the context.
//
// Weights may be in the file or, with [LoadFile], in files next to it. They are not copied when they are read;
// those of convolutions and products are packed once, when they are first used.
//
// On processors of 32 bits loading a model is an error: lengths in files are 64-bit integers.
package onnx
